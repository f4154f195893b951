"""The operator is killed, or its API server, before each of five changes of the load: each target is reached, with one write each."""

from __future__ import annotations

import pytest
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed
from tests.support.operated import Stage
from tests.support.processes import Program

pytestmark = [one_server, pytest.mark.timeout(300, func_only=True)]

SECONDS = 90.0
STEPS = ((100, 1), (200, 3), (-100, 2), (300, 5), (-400, 1))
"""What is added to the backlog, or taken from it, and the replicas that it then needs: one for each hundred."""
SCALING = {"target": {"backlogPerReplica": 100}, "scaleDown": {"stabilizationSeconds": 0}}


async def change(client: redis.asyncio.Redis, count: int) -> None:
    """Add entries, or have some taken and done with, in one moment."""
    if count < 0:
        await client.xreadgroup("payments", "pod", {"orders": ">"}, count=-count, noack=True)
    else:
        await Observed(client, "orders", "payments").add(count)


async def looked_after(stage: Stage) -> Program:
    """Have an operator look after a consumer that asks for one replica for each hundred entries; return the operator."""
    stage.deploy("payments")
    stage.consume("payments", scaling=SCALING)
    operator = stage.operator()
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    return operator


async def reached(stage: Stage, target: int) -> None:
    """Wait until there are so many replicas, and the status says so."""
    await eventually(lambda: stage.replicas("payments") == target, within_seconds=SECONDS)
    await eventually(lambda: stage.status("payments")["replicas"]["current"] == target, within_seconds=SECONDS)


async def test_an_operator_that_is_killed_before_each_step_reaches_each_target_with_one_write(
    stage: Stage,
    client: redis.asyncio.Redis,
) -> None:
    operator = await looked_after(stage)

    for step, (count, target) in enumerate(STEPS, start=1):
        # it may be about to write, or have written and not told
        await change(client, count)
        operator.kill()
        operator = stage.operator()

        await reached(stage, target)
        assert stage.writes("payments") == step


async def test_an_api_server_that_is_killed_before_each_step_hears_of_each_target_with_one_write(
    stage: Stage,
    client: redis.asyncio.Redis,
) -> None:
    operator = await looked_after(stage)

    for step, (count, target) in enumerate(STEPS, start=1):
        await change(client, count)
        stage.api.kill()
        stage.api.start()

        await reached(stage, target)
        assert stage.writes("payments") == step
    assert operator.running


async def test_with_a_new_leader_nothing_flips_and_nothing_is_counted_anew(
    stage: Stage,
    client: redis.asyncio.Redis,
) -> None:
    stage.deploy("payments")
    stage.consume(
        "payments",
        scaling={"target": {"backlogPerReplica": 1000}},
        trim={"policy": "Acknowledged", "hardMaxLength": 100},
    )
    first = stage.operator("operator-1")
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    await change(client, 250)
    await eventually(lambda: stage.status("payments")["trim"]["lostTotal"] == 150, within_seconds=SECONDS)
    await reached(stage, 1)
    before = stage.status("payments")

    first.kill()
    second = stage.operator("operator-2")
    await second.line("Leading", within_seconds=SECONDS)
    await change(client, 20)
    await eventually(lambda: stage.status("payments")["trim"]["lostTotal"] != 150, within_seconds=SECONDS)

    after = stage.status("payments")
    assert after["trim"]["lostTotal"] == 170
    assert after["trim"]["trimmedTotal"] == 170
    assert after["lastDecision"]["time"] == before["lastDecision"]["time"]
    times = [{each["type"]: each["lastTransitionTime"] for each in status["conditions"]} for status in (before, after)]
    assert times[0] == times[1]
