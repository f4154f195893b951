"""What is remembered of targets, for how long, and what makes it forgotten."""

from __future__ import annotations

import pytest
from tests.support.control import Clock, CountedWorkloads

from sluiceway_operator.kube import RememberedWorkloads
from sluiceway_operator.ports import Target, TargetMissing, TargetUnavailable
from sluiceway_operator.resource import ScaleTargetRef

TARGET = Target("shops", ScaleTargetRef(name="payments"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def place() -> CountedWorkloads:
    made = CountedWorkloads()
    made.counts["payments"] = 2
    return made


@pytest.fixture
def workloads(place: CountedWorkloads, clock: Clock) -> RememberedWorkloads:
    return RememberedWorkloads(place, seconds=5, clock=clock)


async def test_a_change_by_hand_is_noticed_after_the_time_and_not_before(
    workloads: RememberedWorkloads, place: CountedWorkloads, clock: Clock
) -> None:
    seen = [await workloads.replicas(TARGET)]
    place.counts["payments"] = 7
    clock.now += 4.9
    seen.append(await workloads.replicas(TARGET))
    clock.now += 0.1
    seen.append(await workloads.replicas(TARGET))

    assert seen == [2, 2, 7]


async def test_what_is_written_is_known(workloads: RememberedWorkloads, place: CountedWorkloads) -> None:
    await workloads.replicas(TARGET)

    await workloads.scale(TARGET, 5)
    place.fault = TargetUnavailable("nobody answers")

    assert await workloads.replicas(TARGET) == 5


async def test_after_a_write_that_fails_the_target_is_asked_again(
    workloads: RememberedWorkloads, place: CountedWorkloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Target, __: int) -> None:
        raise TargetUnavailable("changed by somebody else")

    await workloads.replicas(TARGET)
    place.counts["payments"] = 4
    monkeypatch.setattr(place, "scale", refuse)

    with pytest.raises(TargetUnavailable):
        await workloads.scale(TARGET, 5)

    assert await workloads.replicas(TARGET) == 4


async def test_a_target_that_is_missing_is_missing_for_the_time(
    workloads: RememberedWorkloads, place: CountedWorkloads, clock: Clock
) -> None:
    place.fault = TargetMissing("there is no payments")
    with pytest.raises(TargetMissing):
        await workloads.replicas(TARGET)
    place.fault = None

    with pytest.raises(TargetMissing, match="no payments"):
        await workloads.replicas(TARGET)
    clock.now += 5

    assert await workloads.replicas(TARGET) == 2


async def test_an_api_server_that_does_not_answer_is_asked_again_at_once(
    workloads: RememberedWorkloads, place: CountedWorkloads
) -> None:
    place.fault = TargetUnavailable("nobody answers")
    with pytest.raises(TargetUnavailable):
        await workloads.replicas(TARGET)
    place.fault = None

    assert await workloads.replicas(TARGET) == 2
