"""A new leader goes on where the status stands: nothing flips, counts or is news only because another one leads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.control import Loop
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.resource import Accuracy, StreamConsumerStatus

pytestmark = one_server

QUICK = {"maxReplicas": 50, "scaleDown": {"stabilizationSeconds": 60, "idleSeconds": 30}}
StartLoop = Callable[[], Loop]


@pytest_asyncio.fixture
async def start_loop(server: EmbeddedServer) -> AsyncIterator[StartLoop]:
    """Starts control loops, each of which knows nothing of the one before."""
    made: list[Loop] = []

    def start() -> Loop:
        made.append(Loop(server.url))
        return made[-1]

    yield start
    for loop in made:
        await loop.server.close()


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


def written(loop: Loop, name: str = "payments") -> StreamConsumerStatus:
    """The status as it comes back from the API server: without what is null."""
    text = loop.status(name).model_dump_json(by_alias=True, exclude_none=True)
    return StreamConsumerStatus.model_validate_json(text)


def hand_over(old: Loop, new: Loop, name: str = "payments", **asked: Any) -> None:
    """Have a new loop look after what an old one looked after."""
    new.add(name, replicas=old.workloads.counts[name], told=written(old, name), **asked)


def times(status: StreamConsumerStatus) -> dict[str, str]:
    return {each.type: str(each.last_transition_time) for each in status.conditions or ()}


async def work_off(payments: Observed, count: int) -> None:
    """Have a consumer take and acknowledge so many entries."""
    keys = payments.keys
    reply: Any = await payments.client.xreadgroup(keys.group, "pod", {keys.stream: ">"}, count=count)
    await payments.client.xack(keys.stream, keys.group, *(entry_id for entry_id, _ in reply[0][1]))


async def test_conditions_keep_the_times_at_which_they_flipped(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    await payments.add(500)
    old, new = start_loop(), start_loop()
    old.add("payments", scaling=QUICK, trim={"policy": "Acknowledged"})
    await old.sweep(2)

    hand_over(old, new, scaling=QUICK, trim={"policy": "Acknowledged"})
    await new.sweep(3)

    assert len(times(new.status("payments"))) == 9
    assert times(new.status("payments")) == times(old.status("payments"))


async def test_what_flips_in_between_has_the_time_of_the_new_leader(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    old, new = start_loop(), start_loop()
    old.add("payments", scaling=QUICK)
    await old.sweep(2)

    await payments.add(500)
    hand_over(old, new, scaling=QUICK)
    await new.sweep(2)

    flipped = {kind for kind, at in times(new.status("payments")).items() if times(old.status("payments"))[kind] != at}
    assert flipped == {"Active"}


async def test_the_latest_change_stays_the_latest(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    await payments.add(500)
    old, new = start_loop(), start_loop()
    old.add("payments", scaling=QUICK)
    await old.sweep(2)

    hand_over(old, new, scaling=QUICK)
    await new.sweep(2)

    change = new.status("payments").last_decision
    assert change is not None
    assert change == old.status("payments").last_decision


async def test_what_is_recommended_is_no_change_when_it_was_before(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    await payments.add(500)
    old, new = start_loop(), start_loop()
    old.add("payments", scaling={**QUICK, "mode": "Recommend"})
    await old.sweep(2)
    told = written(old)
    assert told.last_decision is not None
    long_ago = told.last_decision.model_copy(update={"message": "long ago"})

    told = told.model_copy(update={"last_decision": long_ago})
    new.add("payments", told=told, scaling={**QUICK, "mode": "Recommend"})
    await new.sweep(2)

    assert new.status("payments").last_decision == long_ago


async def test_what_was_removed_and_lost_is_counted_on(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    trim = {"policy": "Acknowledged", "hardMaxLength": 60}
    old, new = start_loop(), start_loop()
    old.add("payments", scaling=QUICK, trim=trim)
    await payments.add(100)
    await old.sweep()

    hand_over(old, new, scaling=QUICK, trim=trim)
    await payments.add(30)
    await new.sweep(2, seconds=6)

    before, after = old.status("payments").trim, new.status("payments").trim
    assert before is not None
    assert after is not None
    assert (before.trimmed_total, before.lost_total) == (40, 40)
    assert (after.trimmed_total, after.lost_total) == (70, 70)


async def test_a_loss_is_told_at_once(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    loop = start_loop()
    loop.add("payments", replicas=1, scaling={"minReplicas": 1}, trim={"policy": "Acknowledged", "hardMaxLength": 60})
    await payments.add(60)
    await loop.sweep(2, seconds=5)
    await payments.add(30)

    await loop.sweep(2, seconds=1)

    trim = loop.status("payments").trim
    assert trim is not None
    assert trim.lost_total == 30


async def test_what_a_replica_processes_is_not_guessed_anew_in_the_middle_of_a_load(
    start_loop: StartLoop, payments: Observed
) -> None:
    """By the guess of 10 events a second it would be 40 replicas."""
    await payments.create()
    await payments.add(5000)
    old, new = start_loop(), start_loop()
    old.add("payments", scaling={**QUICK, "initialCapacityPerReplica": 100})
    await payments.read("pod", 1)
    for _ in range(10):
        await old.sweep()
        await work_off(payments, 100)
    await old.sweep()

    hand_over(old, new, scaling={**QUICK, "initialCapacityPerReplica": 10})
    await new.sweep(2)

    assert old.workloads.counts["payments"] == 5
    assert new.workloads.written == []
    rates = new.status("payments").rates
    assert rates is not None
    assert rates.per_replica_per_second == 100


async def test_replicas_are_not_reduced_earlier_than_the_window_allows(
    start_loop: StartLoop, payments: Observed
) -> None:
    await payments.create()
    await payments.add(500)
    old, new = start_loop(), start_loop()
    old.add("payments", scaling=QUICK)
    await old.sweep()
    await work_off(payments, 450)

    hand_over(old, new, scaling=QUICK)
    for _ in range(59):
        await payments.add(1)
        await new.sweep()

    assert old.workloads.counts["payments"] > 1
    assert new.workloads.written == []


async def test_a_group_that_is_lost_while_nobody_leads_is_repaired_and_not_made_for_the_first_time(
    start_loop: StartLoop, payments: Observed
) -> None:
    await payments.create()
    await payments.add(5)
    old, new = start_loop(), start_loop()
    old.add("payments", scaling=QUICK)
    await old.sweep()

    await payments.client.flushall()
    hand_over(old, new, scaling=QUICK)
    await new.sweep()

    assert ("payments", "GroupRepaired", True) in new.told.events


async def test_a_server_that_is_down_keeps_the_numbers_that_were_known(
    own_server: EmbeddedServer,
) -> None:
    old, new = Loop(own_server.url), Loop(own_server.url)
    async with redis.asyncio.Redis.from_url(own_server.url) as client:
        group = Observed(client, "orders", "payments")
        await group.create()
        await group.add(7)
    old.add("payments", scaling=QUICK)
    await old.sweep()
    own_server.stop()

    hand_over(old, new, scaling=QUICK)
    await new.sweep()
    for loop in (old, new):
        await loop.server.close()

    backlog = new.status("payments").backlog
    assert backlog is not None
    assert (backlog.lag, backlog.accuracy) == (7, Accuracy.UNKNOWN)
    assert new.workloads.written == []


async def test_a_contest_that_was_told_is_no_news(start_loop: StartLoop, payments: Observed) -> None:
    await payments.create()
    await payments.add(500)
    old, new = start_loop(), start_loop()
    for loop in (old, new):
        loop.workloads.rivals["payments"] = "HorizontalPodAutoscaler payments"
    old.add("payments", scaling=QUICK)
    await old.sweep()

    hand_over(old, new, scaling=QUICK)
    await new.sweep(2)

    assert ("payments", "TargetContested", True) in old.told.events
    assert new.told.events == []
    assert new.condition("payments", "Degraded") == old.condition("payments", "Degraded")


async def test_a_new_leader_tells_each_status_once_itself(start_loop: StartLoop, payments: Observed) -> None:
    """What it took up may not be the last that was told."""
    await payments.create()
    old, new = start_loop(), start_loop()
    old.add("payments", replicas=1, scaling={"minReplicas": 1})
    await old.sweep(2)

    hand_over(old, new, scaling={"minReplicas": 1})
    await new.sweep(3)

    (told,) = new.told.statuses
    assert json.loads(told[1].model_dump_json())["conditions"]
