"""The operator as a process, on a real API server and a real Redis: what a user sees of it."""

from __future__ import annotations

import json

import pytest
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.http import get
from tests.support.operated import Stage

from sluiceway.embedded.ports import free_port

pytestmark = one_server


async def publish(client: redis.asyncio.Redis, count: int) -> None:
    for _ in range(count):
        await client.xadd("orders", {"a": "1"})


async def test_a_backlog_gets_replicas_and_is_told(stage: Stage, client: redis.asyncio.Redis) -> None:
    stage.deploy("payments")
    stage.consume("payments", scaling={"maxReplicas": 7})
    stage.operator()
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=60)

    await publish(client, 2000)

    await eventually(lambda: stage.replicas("payments") == 7, within_seconds=60)
    await eventually(lambda: stage.status("payments")["replicas"]["desired"] == 7, within_seconds=60)
    assert stage.reason("payments", "ScalingLimited") == "MaxReplicas"
    assert [each for each in stage.events("Scaled") if "-> 7 replicas of Deployment" in each]
    assert stage.events("GroupCreated") == ["group payments of orders was made, beginning after 0-0"]


async def test_a_consumer_that_is_deleted_is_left_alone(stage: Stage, client: redis.asyncio.Redis) -> None:
    for name in ("payments", "notifications"):
        stage.deploy(name)
        stage.consume(name, scaling={"maxReplicas": 3})
    port = free_port()
    stage.operator(port=port)
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=60)

    stage.kubectl("delete", "strc", "payments")
    # the API server tells it when it is gone there; until then it was still asked for
    await eventually(lambda: resources(port) == 1, within_seconds=60)
    await publish(client, 500)

    await eventually(lambda: stage.replicas("notifications") == 3, within_seconds=60)
    assert stage.replicas("payments") == 0


async def test_a_target_that_comes_later_is_found(stage: Stage, client: redis.asyncio.Redis) -> None:
    stage.consume("payments", scaling={"maxReplicas": 2})
    stage.operator()
    await eventually(lambda: stage.reason("payments", "TargetFound") == "NotFound", within_seconds=60)
    await publish(client, 500)

    stage.deploy("payments")

    await eventually(lambda: stage.replicas("payments") == 2, within_seconds=60)
    await eventually(lambda: stage.reason("payments", "TargetFound") == "Found", within_seconds=60)


async def test_when_the_leader_is_killed_the_standby_goes_on(stage: Stage, client: redis.asyncio.Redis) -> None:
    stage.deploy("payments")
    stage.consume("payments", scaling={"maxReplicas": 4})
    leader = stage.operator("operator-1")
    await leader.line("Leading", within_seconds=60)
    standby = stage.operator("operator-2")
    await standby.line("All StreamConsumers are known", within_seconds=60)

    leader.kill()
    await publish(client, 500)

    await eventually(lambda: stage.replicas("payments") == 4, within_seconds=60)
    lease = json.loads(stage.kubectl("get", "lease", "sluiceway-operator", "--output", "json"))
    assert lease["spec"]["holderIdentity"] == "operator-2"


async def test_it_tells_that_it_is_ready_and_ends_when_it_is_asked_to(stage: Stage) -> None:
    stage.deploy("payments")
    stage.consume("payments")
    port = free_port()
    operator = stage.operator(port=port)
    await operator.line("All StreamConsumers are known", within_seconds=60)
    await eventually(lambda: stage.status("payments"), within_seconds=60)

    assert get(port, "/healthz")[0] == 200
    assert get(port, "/readyz")[0] == 200
    told = [line for line in get(port, "/metrics")[1].splitlines() if "streamconsumer_replicas_desired{" in line]
    assert [(f'namespace="{stage.namespace}"' in line, line.split()[-1]) for line in told] == [(True, "0.0")]

    operator.terminate()

    await operator.exits(0)
    lease = json.loads(stage.kubectl("get", "lease", "sluiceway-operator", "--output", "json"))
    assert not lease["spec"].get("holderIdentity")


async def test_replicas_set_by_hand_are_corrected_with_one_event(stage: Stage, client: redis.asyncio.Redis) -> None:
    stage.deploy("payments")
    stage.consume("payments", scaling={"maxReplicas": 3})
    stage.operator()
    await publish(client, 500)
    await eventually(lambda: stage.replicas("payments") == 3, within_seconds=60)

    stage.kubectl("scale", "deployment", "payments", "--replicas", "1")

    await eventually(lambda: stage.replicas("payments") == 3, within_seconds=60)
    await eventually(lambda: stage.events("ReplicasCorrected"), within_seconds=60)
    assert len(stage.events("ReplicasCorrected")) == 1


async def test_a_changed_resource_is_heeded_and_says_so(stage: Stage, client: redis.asyncio.Redis) -> None:
    stage.deploy("payments")
    stage.consume("payments", scaling={"maxReplicas": 3})
    stage.operator()
    await publish(client, 500)
    await eventually(lambda: stage.replicas("payments") == 3, within_seconds=60)

    stage.consume("payments", scaling={"maxReplicas": 4})

    await eventually(lambda: stage.replicas("payments") == 4, within_seconds=60)
    await eventually(lambda: stage.status("payments")["observedGeneration"] == 2, within_seconds=60)


@pytest.mark.timeout(240, func_only=True)
async def test_an_api_server_that_was_killed_is_used_again_when_it_is_back(
    stage: Stage, client: redis.asyncio.Redis
) -> None:
    stage.deploy("payments")
    stage.consume("payments", scaling={"maxReplicas": 3})
    operator = stage.operator()
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=60)

    stage.api.kill()
    try:
        await publish(client, 500)
        await operator.line("Lease cannot be looked at", within_seconds=60)
    finally:
        stage.api.start()

    await eventually(lambda: stage.replicas("payments") == 3, within_seconds=90)
    stage.deploy("notifications")
    stage.consume("notifications", scaling={"maxReplicas": 2})
    await eventually(lambda: stage.replicas("notifications") == 2, within_seconds=90)
    assert operator.running


@pytest.mark.timeout(240, func_only=True)
async def test_two_hundred_that_come_and_go_leave_nothing(stage: Stage) -> None:
    port = free_port()
    operator = stage.operator(port=port)

    stage.consume_all([f"consumer-{number}" for number in range(200)])
    await eventually(lambda: resources(port) == 200, within_seconds=90, ignoring=(OSError,))
    stage.kubectl("delete", "strc", "--all", "--timeout=55s")

    await eventually(lambda: resources(port) == 0, within_seconds=90, ignoring=(OSError,))
    assert operator.running


def resources(port: int) -> int:
    """How many resources an operator says that it looks after."""
    lines = get(port, "/metrics")[1].splitlines()
    (told,) = [line for line in lines if line.startswith("sluiceway_operator_resources ")]
    return int(float(told.split()[-1]))
