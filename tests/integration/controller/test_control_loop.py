"""The control loop on real servers: what it does, what it leaves alone, and what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.control import Loop
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.ports import TargetForbidden, TargetUnavailable
from sluiceway_operator.resource import Accuracy


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    yield made
    await made.server.close()


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


# --- scaling ----------------------------------------------------------------------------------------------------------


async def test_an_event_on_an_idle_stream_wakes_its_consumers_with_one_write(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=0)
    await loop.sweep(30)
    assert loop.workloads.written == []

    await payments.add(1)
    await loop.sweep(3)

    assert loop.workloads.written == [("payments", 1)]
    assert loop.told.events[-1] == ("payments", "Scaled", False)


async def test_a_drained_group_goes_down_to_nothing_after_the_idle_time(loop: Loop) -> None:
    loop.add("payments", replicas=5, scaling={"scaleDown": {"idleSeconds": 10}})
    await loop.sweep(20)

    assert loop.workloads.written == [("payments", 1), ("payments", 0)]
    assert loop.condition("payments", "Active").reason == "ScaledToZero"


async def test_before_a_reduction_the_target_is_told_who_holds_work(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(3)
    await payments.read("pod-b", 3)
    loop.add("payments", replicas=3, scaling={"scaleDown": {"stabilizationSeconds": 0}})

    await loop.sweep(4)

    assert loop.workloads.written == [("payments", 1)]
    assert loop.workloads.spared[0] == {"pod-b": 3}


async def test_entries_left_by_a_dead_consumer_keep_a_replica(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=0)
    await loop.sweep()
    await payments.add(3)
    await payments.read("killed", 3)

    await loop.sweep(2)

    assert loop.workloads.written == [("payments", 1)]


async def test_recommend_touches_nothing_and_says_what_it_would_do(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(1000)
    loop.add("payments", replicas=1, scaling={"mode": "Recommend"}, trim={"policy": "Length", "maxLength": 0})

    await loop.sweep(3)

    status = loop.status("payments")
    assert loop.workloads.written == []
    assert status.replicas is not None
    assert status.last_decision is not None
    assert (status.replicas.current, status.replicas.desired) == (1, 10)
    assert status.last_decision.reason == "ColdStart"


async def test_recommend_makes_no_group(loop: Loop, payments: Observed) -> None:
    await payments.add(1)
    loop.add("payments", scaling={"mode": "Recommend"})

    await loop.sweep(2)

    assert await payments.client.xinfo_groups("orders") == []
    assert loop.condition("payments", "BacklogKnown").reason == "GroupMissing"


async def test_paused_leaves_the_replicas_to_a_person(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(1000)
    loop.add("payments", replicas=2, scaling={"mode": "Paused"})

    await loop.sweep(3)

    assert loop.workloads.written == []
    assert loop.condition("payments", "Active").reason == "Paused"


async def test_a_limit_that_changes_the_decision_is_told(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(1000)
    loop.add("payments", scaling={"maxReplicas": 4})

    await loop.sweep()

    limited = loop.condition("payments", "ScalingLimited")
    assert (limited.status, limited.reason) == ("True", "MaxReplicas")
    assert limited.message == "the load asks for 10, maxReplicas allows 4"


# --- unknown is never zero --------------------------------------------------------------------------------------------


async def test_a_server_that_is_down_holds_the_replicas_and_is_found_again(own_server: EmbeddedServer) -> None:
    loop = Loop(own_server.url)
    loop.add("payments", replicas=3, scaling={"minReplicas": 1})
    await loop.sweep()
    own_server.stop()

    await loop.sweep(30)
    down = loop.condition("payments", "BacklogKnown")
    written = list(loop.workloads.written)
    own_server.start()
    await loop.sweep(2)
    await loop.server.close()

    assert (down.status, down.reason) == ("False", "ServerUnreachable")
    assert loop.workloads.written[: len(written)] == written
    assert [count for _, count in written] in ([], [1])
    assert loop.condition("payments", "BacklogKnown").status == "True"
    news = [
        (reason, warning) for _, reason, warning in loop.told.events if reason in {"ServerUnreachable", "BacklogKnown"}
    ]
    assert news == [("ServerUnreachable", True), ("BacklogKnown", False)]


async def test_a_server_that_did_not_answer_the_look_is_not_asked_to_trim(own_server: EmbeddedServer) -> None:
    """That would be a second wait for it, and another reason for the same fault."""
    loop = Loop(own_server.url)
    loop.add("payments", replicas=3, scaling={"minReplicas": 1}, trim={"policy": "Acknowledged"})
    await loop.sweep()
    own_server.stop()

    await loop.sweep(10)
    await loop.server.close()

    assert loop.condition("payments", "Ready").reason == "ServerUnreachable"
    assert loop.condition("payments", "Degraded").status == "False"


async def test_a_server_that_comes_back_empty_does_not_stop_busy_consumers_at_once(own_server: EmbeddedServer) -> None:
    loop = Loop(own_server.url)
    loop.add("payments", replicas=3, scaling={"scaleDown": {"idleSeconds": 30}})
    async with redis.asyncio.Redis.from_url(own_server.url) as client:
        group = Observed(client, "orders", "payments")
        await group.create()
        await group.add(500)
        await loop.sweep(2)
        await client.flushall()

        await loop.sweep(5)
    await loop.server.close()

    assert all(count >= 1 for _, count in loop.workloads.written)
    assert ("payments", "GroupRepaired", True) in loop.told.events


async def test_the_last_known_numbers_stand_marked_as_unknown(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(7)
    loop.add("payments", replicas=1)
    await loop.sweep()
    await payments.client.delete("orders")
    await payments.client.set("orders", "text")

    await loop.sweep()

    backlog = loop.status("payments").backlog
    assert backlog is not None
    assert (backlog.lag, backlog.accuracy) == (7, Accuracy.UNKNOWN)
    assert loop.condition("payments", "Ready").reason == "WrongType"


async def test_one_bad_key_does_not_disturb_the_others(loop: Loop, client: redis.asyncio.Redis) -> None:
    await client.set("broken", "text")
    await Observed(client, "orders", "payments").create()
    await Observed(client, "orders", "payments").add(1)
    loop.add("broken", stream="broken")
    loop.add("payments")

    await loop.sweep()

    assert ("payments", 1) in loop.workloads.written
    assert loop.condition("broken", "BacklogKnown").reason == "WrongType"


# --- the target -------------------------------------------------------------------------------------------------------


async def test_a_target_that_does_not_exist_is_told_and_found_once_it_does(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(1)
    loop.add("payments", replicas=None)
    await loop.sweep()
    missing = loop.condition("payments", "TargetFound")
    loop.workloads.counts["payments"] = 0

    await loop.sweep()

    assert (missing.status, missing.reason) == ("False", "NotFound")
    assert loop.workloads.written == [("payments", 1)]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [(TargetForbidden("no"), "False", "Forbidden"), (TargetUnavailable("down"), "Unknown", "Unavailable")],
)
async def test_a_target_that_cannot_be_seen_is_not_touched(
    loop: Loop, payments: Observed, fault: Exception, status: str, reason: str
) -> None:
    await payments.create()
    await payments.add(1)
    loop.add("payments")
    loop.workloads.fault = fault

    await loop.sweep()

    found = loop.condition("payments", "TargetFound")
    assert (found.status, found.reason) == (status, reason)
    assert loop.workloads.written == []


# --- groups, consumers, streams ---------------------------------------------------------------------------------------


async def test_a_missing_group_is_made_and_a_lost_one_made_anew(loop: Loop, payments: Observed) -> None:
    loop.add("payments")
    await loop.sweep(2)
    await payments.client.xgroup_destroy("orders", "payments")
    await loop.sweep(2)

    assert [event for event in loop.told.events if "Group" in event[1]] == [
        ("payments", "GroupCreated", False),
        ("payments", "GroupRepaired", True),
    ]
    assert await payments.lag() == (0, Accuracy.EXACT)


async def test_a_consumer_whose_pod_is_gone_is_reaped_and_a_stranger_is_not(loop: Loop, payments: Observed) -> None:
    await payments.create()
    loop.add("payments", replicas=1, consumers={"reapAfterSeconds": 0})
    loop.workloads.existing["payments"] = ["pod-a"]
    await payments.add(4)
    await payments.read("pod-a", 2)
    await payments.read("somebody", 2)
    await loop.sweep()
    loop.workloads.existing["payments"] = []

    await loop.sweep(8)

    names = {seen.name: seen.pending for seen in (await payments.look()).consumers}
    assert names == {"somebody": 2, "~released": 2}
    assert ("payments", "ConsumerReaped", False) in loop.told.events


async def test_a_stream_is_trimmed_behind_what_all_declared_groups_need(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=1, trim={"policy": "Acknowledged"})
    loop.add("reports", replicas=1)
    await loop.sweep(2)
    added = await payments.add(100)
    await payments.read("pod", 100)
    await payments.client.xack("orders", "payments", *added)

    await loop.sweep(10)

    trimmed = loop.status("payments").trim
    assert await payments.client.xlen("orders") == 100
    assert trimmed is not None
    assert (trimmed.pinned_by, trimmed.trimmed_total) == ("reports", 0)


# --- what is told -----------------------------------------------------------------------------------------------------


async def test_a_status_that_does_not_change_is_told_once(loop: Loop) -> None:
    loop.add("payments")
    await loop.sweep(20)  # until nothing is waited for any more
    told = len(loop.told.statuses)

    await loop.sweep(100)

    assert len(loop.told.statuses) == told


async def test_numbers_that_only_move_are_told_now_and_then(loop: Loop, payments: Observed) -> None:
    await payments.create()
    loop.add("payments", replicas=1, scaling={"maxReplicas": 1})
    await payments.add(10)
    await loop.sweep(2)
    told = len(loop.told.statuses)

    for _ in range(20):
        await payments.add(1)
        await loop.sweep()

    assert 2 <= len(loop.told.statuses) - told <= 5


async def test_a_condition_keeps_its_time_until_it_flips(loop: Loop, payments: Observed) -> None:
    await payments.create()
    loop.add("payments", replicas=1)
    await loop.sweep(2)
    before = loop.condition("payments", "BacklogKnown").last_transition_time
    await payments.add(5)
    await loop.sweep(7)

    assert loop.condition("payments", "BacklogKnown").last_transition_time == before
