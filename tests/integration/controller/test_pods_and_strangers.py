"""What the operator says of pods that it cannot choose or see, and of consumers that are no pods."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.control import Loop
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.ports import TargetForbidden

AT_ONCE = {"scaleDown": {"stabilizationSeconds": 0, "drainWaitSeconds": 0}}


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    yield made
    await made.server.close()


@pytest_asyncio.fixture
async def payments(client: redis.asyncio.Redis) -> Observed:
    group = Observed(client, "orders", "payments")
    await group.create()
    return group


@pytest.mark.parametrize(
    ("heeding", "status", "reason"), [(True, "True", "ByHeldEntries"), (False, "False", "NotSupported")]
)
async def test_whether_victims_can_be_chosen_is_told_before_any_reduction(
    loop: Loop, *, heeding: bool, status: str, reason: str
) -> None:
    loop.workloads.heeding = heeding
    loop.add("payments", replicas=1)

    await loop.sweep()

    selection = loop.condition("payments", "VictimSelection")
    assert (selection.status, selection.reason) == (status, reason)
    assert loop.workloads.spared == []
    assert loop.condition("payments", "Ready").status == "True"


async def test_without_the_right_to_see_pods_consumers_stay_replicas_follow_the_load_and_the_right_is_named(
    loop: Loop, payments: Observed
) -> None:
    loop.add("payments", replicas=3, scaling=AT_ONCE, consumers={"reapAfterSeconds": 0})
    loop.workloads.existing["payments"] = ["pod-a"]
    await payments.add(4)
    await payments.read("pod-a", 4)
    await loop.sweep()
    loop.workloads.existing["payments"] = []
    loop.workloads.pods_fault = TargetForbidden("pods is forbidden")

    await loop.sweep(5)

    assert [seen.name for seen in (await payments.look()).consumers] == ["pod-a"]
    assert loop.workloads.written == [("payments", 1)]
    degraded = loop.condition("payments", "Degraded")
    assert (degraded.status, degraded.reason) == ("True", "PodsForbidden")
    assert "allow the operator to list and patch pods: pods is forbidden" in degraded.message
    assert loop.condition("payments", "VictimSelection").reason == "PodsForbidden"
    assert loop.condition("payments", "ConsumersKnown").status == "Unknown"
    assert loop.condition("payments", "Ready").reason == "PodsForbidden"


async def test_a_right_that_is_granted_later_is_used_at_the_next_look(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=1)
    loop.workloads.existing["payments"] = ["pod-a"]
    await payments.add(1)
    await payments.read("pod-a", 1)
    loop.workloads.pods_fault = TargetForbidden("pods is forbidden")
    await loop.sweep()
    loop.workloads.pods_fault = None

    await loop.sweep()

    assert loop.condition("payments", "Degraded").status == "False"
    assert loop.condition("payments", "VictimSelection").status == "True"


async def test_a_consumer_that_is_no_pod_is_named_and_left_alone(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=1, consumers={"reapAfterSeconds": 0})
    loop.workloads.existing["payments"] = ["pod-a"]
    await payments.add(4)
    await payments.read("pod-a", 2)
    await payments.read("laptop", 2)

    await loop.sweep(3)

    known = loop.condition("payments", "ConsumersKnown")
    assert (known.status, known.reason) == ("False", "UnknownConsumers")
    assert known.message.startswith("laptop: never seen as a pod of the target")
    assert {seen.name: seen.pending for seen in (await payments.look()).consumers} == {"pod-a": 2, "laptop": 2}
    assert loop.condition("payments", "Ready").status == "True"


async def test_a_stranger_that_works_does_not_flip_the_condition_with_every_entry(
    loop: Loop, payments: Observed
) -> None:
    loop.add("payments", replicas=1)
    told = set()
    for _ in range(10):
        ids = await payments.add(1)
        await payments.read("laptop", 1)
        await loop.sweep()
        await payments.client.xack("orders", "payments", *ids)
        await loop.sweep()
        told.add(loop.condition("payments", "ConsumersKnown").status)

    await loop.sweep(75)

    assert told == {"False"}
    assert loop.condition("payments", "ConsumersKnown").reason == "AllKnown"


async def test_of_many_strangers_a_few_are_named_and_the_others_counted(loop: Loop, payments: Observed) -> None:
    loop.add("payments", replicas=1)
    await payments.add(7)
    for number in range(7):
        await payments.read(f"stranger-{number}", 1)

    await loop.sweep()

    message = loop.condition("payments", "ConsumersKnown").message
    assert message.startswith("stranger-0, stranger-1, stranger-2, stranger-3, stranger-4 and 2 more: never seen")
