"""Of all who would set the replicas of a target one does: the operator says who else does, and does not fight."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.control import Loop
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.ports import TargetUnavailable

HPA = "HorizontalPodAutoscaler keda-hpa-payments of ScaledObject payments"
FIVE = {"minReplicas": 5, "maxReplicas": 5}


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    yield made
    await made.server.close()


@pytest_asyncio.fixture
async def payments(client: redis.asyncio.Redis) -> Observed:
    group = Observed(client, "orders", "payments")
    await group.create()
    await group.add(1000)
    return group


def events(loop: Loop, reason: str) -> int:
    return sum(told == reason for _, told, _ in loop.told.events)


# --- another StreamConsumer -------------------------------------------------------------------------------------------


async def test_of_two_with_one_target_the_older_decides_and_the_younger_says_so(loop: Loop) -> None:
    loop.add("younger", target="app", created=2.0, scaling={"minReplicas": 9})
    loop.add("older", target="app", created=1.0, scaling=FIVE)

    await loop.sweep(5)

    assert loop.workloads.written == [("app", 5)]
    assert loop.condition("older", "Ready").status == "True"
    contested = loop.condition("younger", "Degraded")
    assert (contested.status, contested.reason) == ("True", "TargetContested")
    assert contested.message.startswith(
        "StreamConsumer shops/older is older and sets the replicas of Deployment shops/app"
    )
    assert loop.condition("younger", "Ready").status == "False"
    assert events(loop, "TargetContested") == 1


async def test_when_the_older_goes_the_younger_takes_the_target(loop: Loop) -> None:
    loop.add("younger", target="app", created=2.0, scaling={"minReplicas": 9})
    loop.add("older", target="app", created=1.0, scaling=FIVE)
    await loop.sweep()

    loop.remove("older")
    await loop.sweep()

    assert loop.workloads.counts["app"] == 9
    assert loop.condition("younger", "Degraded").status == "False"


@pytest.mark.parametrize("mode", ["Recommend", "Paused"])
async def test_one_that_only_looks_on_contests_nothing(loop: Loop, mode: str) -> None:
    loop.add("watching", target="app", created=1.0, scaling={"mode": mode})
    loop.add("working", target="app", created=2.0, scaling=FIVE)

    await loop.sweep(2)

    assert loop.workloads.written == [("app", 5)]
    assert {loop.condition(name, "Degraded").status for name in ("watching", "working")} == {"False"}


# --- another autoscaler -----------------------------------------------------------------------------------------------


async def test_beside_another_autoscaler_nothing_is_written_and_the_other_is_named(
    loop: Loop, payments: Observed
) -> None:
    loop.workloads.rivals["payments"] = HPA
    loop.add("payments", replicas=1)

    await loop.sweep(5)

    assert loop.workloads.written == []
    degraded = loop.condition("payments", "Degraded")
    assert (degraded.status, degraded.reason) == ("True", "TargetContested")
    assert degraded.message.startswith(f"{HPA} sets the replicas of Deployment shops/payments")
    assert events(loop, "TargetContested") == 1
    replicas = loop.status("payments").replicas
    assert replicas is not None
    assert (replicas.current, replicas.desired) == (1, 10)
    assert (await payments.lag())[0] == 1000


async def test_when_the_other_autoscaler_goes_the_load_is_followed_again(loop: Loop, payments: Observed) -> None:
    loop.workloads.rivals["payments"] = HPA
    loop.add("payments", replicas=1)
    await loop.sweep(2)

    del loop.workloads.rivals["payments"]
    await loop.sweep()

    assert loop.workloads.written == [("payments", 10)]
    assert loop.condition("payments", "Degraded").status == "False"
    assert (await payments.lag())[0] == 1000


async def test_beside_another_autoscaler_one_can_look_on(loop: Loop, payments: Observed) -> None:
    loop.workloads.rivals["payments"] = HPA
    loop.add("payments", replicas=1, scaling={"mode": "Recommend"})

    await loop.sweep(2)

    assert loop.condition("payments", "Ready").status == "True"
    assert (await payments.lag())[0] == 1000


async def test_who_has_set_the_replicas_is_asked_for_before_they_are_corrected(loop: Loop) -> None:
    loop.add("payments", replicas=5, scaling=FIVE)
    await loop.sweep(3)
    assert loop.workloads.asked_afresh == 0
    loop.workloads.rivals["payments"] = HPA
    loop.workloads.counts["payments"] = 2

    await loop.sweep(3)

    assert loop.workloads.asked_afresh == 1
    assert loop.workloads.written == []


# --- somebody's hand --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_hand", [2, 8])
async def test_replicas_set_by_hand_are_corrected_with_one_event(loop: Loop, by_hand: int) -> None:
    loop.add("payments", replicas=5, scaling=FIVE)
    await loop.sweep(3)

    loop.workloads.counts["payments"] = by_hand
    await loop.sweep(3)

    assert loop.workloads.written == [("payments", 5)]
    assert [reason for _, reason, _ in loop.told.events if reason != "GroupCreated"] == ["ReplicasCorrected"]
    assert loop.condition("payments", "Ready").status == "True"


async def test_what_the_load_asks_for_anyway_is_no_correction(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=10, scaling={"maxReplicas": 100})
    await loop.sweep(2)
    await payments.add(1000)
    loop.workloads.counts["payments"] = 15

    await loop.sweep(1)

    assert loop.workloads.written[-1][1] > 15
    assert events(loop, "ReplicasCorrected") == 0


async def test_who_sets_replicas_by_hand_while_paused_is_not_corrected_afterwards_by_surprise(loop: Loop) -> None:
    loop.add("payments", replicas=5, scaling={"mode": "Paused"})
    await loop.sweep()
    loop.workloads.counts["payments"] = 7

    await loop.sweep(3)

    assert loop.workloads.written == []
    assert events(loop, "ReplicasCorrected") == 0


async def test_who_sets_replicas_again_and_again_is_left_alone_for_five_minutes(loop: Loop) -> None:
    loop.add("payments", replicas=5, scaling=FIVE)
    await loop.sweep()
    for _ in range(30):
        loop.workloads.counts["payments"] = 2
        await loop.sweep()

    contested = loop.condition("payments", "Degraded")
    assert contested.reason == "TargetContested"
    assert contested.message.startswith("somebody sets the replicas of Deployment shops/payments again")
    assert len(loop.workloads.written) == events(loop, "ReplicasCorrected") == 3
    assert events(loop, "TargetContested") == 1

    await loop.sweep(300)

    assert len(loop.workloads.written) == 4
    assert loop.workloads.counts["payments"] == 5
    assert loop.condition("payments", "Degraded").status == "False"


async def test_a_write_that_may_have_come_through_is_not_taken_for_somebody_elses(loop: Loop) -> None:
    loop.add("payments", replicas=1, scaling=FIVE)
    loop.workloads.answer_lost = TargetUnavailable("the answer did not arrive")
    await loop.sweep()

    loop.workloads.answer_lost = None
    await loop.sweep(2)

    assert loop.workloads.written == [("payments", 5)]
    assert loop.workloads.asked_afresh == 0
