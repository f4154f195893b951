"""Targets whose pods come late, or not at all, die, and come back under other names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import count

from tests.support.control import CountedWorkloads
from typing_extensions import override

from sluiceway_operator.ports import Leadership, Pod, Target, Workloads

__all__ = ["LedPods", "ModelledPods"]


class ModelledPods(CountedWorkloads):
    """Replicas that are asked for, and the pods that there are; neither follows the other by itself."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count()
        self._costs: dict[str, dict[str, int]] = {}
        self._order: dict[str, int] = {}
        self._watching: Callable[[str, int, dict[str, int] | None], None] = lambda *_: None

    def watch(self, watching: Callable[[str, int, dict[str, int] | None], None]) -> None:
        """Tell somebody of each write before it is done: the target, its replicas, and what its pods hold as it was told.

        Args:
            watching: Is told; the last is None if the target was not told anything.
        """
        self._watching = watching

    def pods_of(self, name: str) -> list[str]:
        """The pods of a target."""
        return self.existing.setdefault(name, [])

    def settle(self, name: str, most: int) -> None:
        """Let some pods come, or go, towards what is asked for; those that hold least go first, as they were told to."""
        pods = self.pods_of(name)
        for _ in range(most):
            if len(pods) < self.counts[name]:
                pods.append(f"{name}-{next(self._numbers)}")
            elif len(pods) > self.counts[name]:
                pods.remove(min(pods, key=lambda pod: self._order.get(pod, 0)))

    @override
    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        heeded = await super().spare(target, held)
        self._costs[target.ref.name] = dict(held)
        self._order |= held
        return heeded

    @override
    async def scale(self, target: Target, replicas: int) -> None:
        self._watching(target.ref.name, replicas, self._costs.pop(target.ref.name, None))
        await super().scale(target, replicas)


class LedPods(Workloads):
    """Targets that only who leads can write, as it is in Kubernetes.

    Args:
        pods: The targets.
        leadership: Says whether this operator leads.
    """

    def __init__(self, pods: ModelledPods, leadership: Leadership) -> None:
        self._pods = pods
        self._leadership = leadership

    @override
    async def replicas(self, target: Target) -> int:
        return await self._pods.replicas(target)

    @override
    async def scale(self, target: Target, replicas: int) -> None:
        self._leadership.check()
        await self._pods.scale(target, replicas)

    @override
    async def pods(self, target: Target) -> Collection[Pod]:
        return await self._pods.pods(target)

    @override
    def heeds(self, target: Target) -> bool:
        return self._pods.heeds(target)

    @override
    async def rival(self, target: Target, *, afresh: bool = False) -> str | None:
        return await self._pods.rival(target, afresh=afresh)

    @override
    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        self._leadership.check()
        return await self._pods.spare(target, held)
