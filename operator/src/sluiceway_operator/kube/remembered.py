"""Targets whose replicas are asked for now and then, not at every look: two hundred busy groups are not two hundred requests a second.

What is written does not depend on it: `scale` of the place itself reads again before it writes.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from typing_extensions import override

from ..ports import Pod, Target, TargetForbidden, TargetMissing, Workloads

__all__ = ["RememberedWorkloads"]

_SECONDS = 5.0


class RememberedWorkloads(Workloads):
    """Remembers for a few seconds how many replicas a target has, and that there is no such target.

    Args:
        workloads: Knows it.
        seconds: How long; a target that is changed by hand is noticed as late.
        clock: Seconds that never go back.
    """

    def __init__(
        self, workloads: Workloads, *, seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workloads = workloads
        self._seconds = seconds
        self._clock = clock
        self._known: dict[Target, _Answer] = {}
        self._forget_due = clock() + seconds

    @override
    async def replicas(self, target: Target) -> int:
        self._forget()
        known = self._known.get(target)
        if known is None or self._clock() - known.at >= self._seconds:
            known = self._known[target] = await self._ask(target)
        if isinstance(known.said, int):
            return known.said
        raise known.said

    @override
    async def scale(self, target: Target, replicas: int) -> None:
        # whatever becomes of the write, what was known before is not sure any more
        self._known.pop(target, None)
        await self._workloads.scale(target, replicas)
        self._known[target] = _Answer(self._clock(), replicas)

    @override
    async def pods(self, target: Target) -> Collection[Pod]:
        return await self._workloads.pods(target)

    @override
    def heeds(self, target: Target) -> bool:
        return self._workloads.heeds(target)

    @override
    async def rival(self, target: Target, *, afresh: bool = False) -> str | None:
        return await self._workloads.rival(target, afresh=afresh)

    @override
    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        return await self._workloads.spare(target, held)

    async def _ask(self, target: Target) -> "_Answer":
        asked = self._clock()
        try:
            return _Answer(asked, await self._workloads.replicas(target))
        except (TargetMissing, TargetForbidden) as error:
            return _Answer(asked, error.with_traceback(None))

    def _forget(self) -> None:
        """Drop what is too old, now and then: targets come and go for as long as the operator runs."""
        now = self._clock()
        if now >= self._forget_due:
            self._known = {target: each for target, each in self._known.items() if now - each.at < self._seconds}
            self._forget_due = now + self._seconds


@dataclass(frozen=True, slots=True)
class _Answer:
    at: float
    said: int | TargetMissing | TargetForbidden
