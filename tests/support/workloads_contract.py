"""What every place that runs consumers does alike: the same cases for Kubernetes and for processes."""

from __future__ import annotations

from typing import Protocol

import pytest

from sluiceway_operator.ports import Target, TargetMissing, Workloads

__all__ = ["Place", "WorkloadsContract"]


class Place(Protocol):
    """Where targets are, as the cases need it."""

    workloads: Workloads

    def missing(self) -> Target:
        """A target that does not exist."""
        ...

    async def target(self, replicas: int) -> Target:
        """A new target of which so many replicas are asked and exist."""
        ...


class WorkloadsContract:
    """The cases. A subclass brings a fixture `place`."""

    async def test_replicas_are_those_that_are_asked_for(self, place: Place) -> None:
        target = await place.target(2)

        before = await place.workloads.replicas(target)
        await place.workloads.scale(target, 3)

        assert (before, await place.workloads.replicas(target)) == (2, 3)

    async def test_a_target_goes_down_to_zero_and_comes_back(self, place: Place) -> None:
        target = await place.target(1)

        await place.workloads.scale(target, 0)
        at_zero = await place.workloads.replicas(target)
        await place.workloads.scale(target, 1)

        assert (at_zero, await place.workloads.replicas(target)) == (0, 1)

    async def test_the_same_number_again_changes_nothing(self, place: Place) -> None:
        target = await place.target(2)
        pods = set(await place.workloads.pods(target))

        await place.workloads.scale(target, 2)

        assert set(await place.workloads.pods(target)) == pods

    async def test_pods_are_those_of_the_target_alone_each_with_a_name_and_an_identity_of_its_own(
        self, place: Place
    ) -> None:
        target, other = await place.target(2), await place.target(1)

        pods, others = await place.workloads.pods(target), await place.workloads.pods(other)

        assert (len(pods), len(others)) == (2, 1)
        assert len({pod.name for pod in [*pods, *others]}) == len({pod.uid for pod in [*pods, *others]}) == 3

    async def test_a_target_without_replicas_has_no_pods(self, place: Place) -> None:
        target = await place.target(0)

        assert list(await place.workloads.pods(target)) == []
        assert await place.workloads.spare(target, {"somebody": 3})

    async def test_a_deployment_heeds_who_is_to_be_spared_and_names_that_nobody_has_do_no_harm(
        self, place: Place
    ) -> None:
        target = await place.target(2)
        pods = sorted(pod.name for pod in await place.workloads.pods(target))

        assert place.workloads.heeds(target)
        assert await place.workloads.spare(target, {pods[0]: 12, "somebody": 3})

        assert sorted(pod.name for pod in await place.workloads.pods(target)) == pods

    async def test_a_target_has_no_rival_unless_there_is_one(self, place: Place) -> None:
        target = await place.target(1)

        assert await place.workloads.rival(target) is None
        assert await place.workloads.rival(target, afresh=True) is None

    async def test_what_does_not_exist_is_missing_whatever_is_asked_of_it(self, place: Place) -> None:
        missing = place.missing()

        with pytest.raises(TargetMissing, match=missing.ref.name):
            await place.workloads.replicas(missing)
        with pytest.raises(TargetMissing, match=missing.ref.name):
            await place.workloads.scale(missing, 1)
        with pytest.raises(TargetMissing, match=missing.ref.name):
            await place.workloads.pods(missing)
        with pytest.raises(TargetMissing, match=missing.ref.name):
            await place.workloads.spare(missing, {})
