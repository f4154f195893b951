"""Sweeps a modelled world and judges what the operator does in it by what is true."""

from __future__ import annotations

from sluiceway_operator.resource import Mode

from .moment import Moment
from .replicas_judge import ReplicasJudge
from .trimming_judge import Sweep, judge_stream
from .world import STREAM, World

__all__ = ["Judge"]


class Judge:
    """Sees everything, before and after.

    Args:
        world: The world; its sweeps are this judge's.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._replicas: dict[str, ReplicasJudge] = {}
        self._added = 0
        self.satisfied = True
        """Whether everything was as it must be up to now."""
        world.pods.watch(self._write)

    def began(self, name: str) -> None:
        """Note that an operator begins to look after a resource, knowing nothing."""
        self._replicas[name] = ReplicasJudge(self._world.clock.now)

    def sweep(self, seconds: float) -> None:
        """Have the operator look after some time, and judge what it does."""
        self.satisfied = False
        self._sweep(seconds)
        self.satisfied = True

    def _sweep(self, seconds: float) -> None:
        world = self._world
        before, lost = Moment.of(world), self._lost()
        added = world.server.stream(STREAM).added
        for name in world.asked:
            busy = added > self._added or bool(before.work(name))
            self._replicas[name].begins(world.clock.now + seconds, busy=busy)
        self._added = added
        whole = not world.client.down and world.client.breaks_in is None
        world.sweep(seconds)
        after = Moment.of(world)
        specs = [world.loop.of(name).resource.spec for name in world.asked]
        sweep = Sweep(before, after, world.server.keys.now(), self._lost() - lost, whole, self._pods())
        judge_stream(sweep, [spec.trim for spec in specs if spec.trim is not None], world.asked)
        if all(spec.scaling.mode is Mode.RECOMMEND for spec in specs):
            assert (after.entries, after.groups) == (before.entries, before.groups), "Recommend touches nothing"
        for name in world.asked:
            tracked = world.loop.of(name)
            seen = tracked.history.last
            if whole and name in before.groups and before.groups[name].undelivered:
                assert seen is not None
                assert seen.at == world.clock.now, "an entry wakes whoever rests"
            contested = world.pods.fault is not None
            self._replicas[name].swept(tracked, world.clock.now, before, after, contested=contested)

    def idles(self, seconds: float) -> None:
        """Have the operator of before, which does not lead any more, look too."""
        world = self._world
        assert world.deposed is not None
        before = Moment.of(world)
        self.satisfied = False
        world.sweep(seconds, world.deposed)
        assert Moment.of(world) == before, "who does not lead writes nothing"
        self.satisfied = True

    def left(self) -> dict[str, int | None]:
        """Return the work that each resource's group has not finished."""
        truth = Moment.of(self._world)
        return {name: truth.work(name) for name in self._world.asked}

    def _write(self, name: str, replicas: int, spared: dict[str, int] | None) -> None:
        world = self._world
        tracked = world.loop.of(name)
        self._replicas[name].writes(tracked, world.clock.now, Moment.of(world), replicas, spared)

    def _lost(self) -> int:
        return sum(self._world.loop.of(name).totals.lost for name in self._world.asked)

    def _pods(self) -> set[str]:
        return {pod for name in self._world.pods.counts for pod in self._world.pods.pods_of(name)}
