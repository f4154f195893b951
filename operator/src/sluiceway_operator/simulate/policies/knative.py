"""Knative's pod autoscaler (KPA), with entries for requests."""

import math
from collections import deque

from typing_extensions import override

from .policy import Policy, Seen

__all__ = ["KnativePolicy"]

_STABLE_SECONDS = 60.0
_PANIC_SECONDS = 6.0
_PANIC_THRESHOLD = 2.0
_UTILISATION = 0.7
_MOST_UP, _MOST_DOWN = 1000.0, 2.0
_GRACE_SECONDS = 30.0


class KnativePolicy(Policy):
    """The average of what is there over a minute, or in panic over six seconds, by what one replica should have.

    stable = ceil(average over 60 s / target), panic the same over 6 s. If panic / ready >= 2 it panics: replicas only
    grow, until that was not so for 60 s. A step multiplies at most by 1000 and divides at most by 2; the target is used
    to 70 %; none after 30 s without anything; the first request at none is seen at once (activator).

    Source: knative/serving `pkg/autoscaler/scaling/autoscaler.go`, `config-autoscaler` for the defaults.

    Args:
        per_replica: Entries, waiting and in work, that one replica should have (target concurrency).
        most: `max-scale`.
    """

    first = 0
    interval_seconds = 2.0
    wakes = True

    def __init__(self, per_replica: float, most: int) -> None:
        self._target = per_replica * _UTILISATION
        self._most = most
        self._seen: deque[tuple[float, int]] = deque()
        self._panic_since = -math.inf
        self._most_in_panic = 0
        self._nothing_since: float | None = None

    @override
    def decide(self, seen: Seen) -> int:
        self._seen.append((seen.at, seen.lag + seen.in_work))
        while seen.at - self._seen[0][0] >= _STABLE_SECONDS:
            self._seen.popleft()
        wanted = min(self._wanted(seen), self._most)
        if wanted:
            self._nothing_since = None
            return wanted
        if self._nothing_since is None:
            self._nothing_since = seen.at
        return 0 if seen.at - self._nothing_since >= _GRACE_SECONDS else min(seen.asked, 1)

    def _wanted(self, seen: Seen) -> int:
        ready = max(seen.ready, 1)
        highest, lowest = math.ceil(_MOST_UP * ready), math.floor(ready / _MOST_DOWN)
        stable = min(max(math.ceil(self._average(seen.at, _STABLE_SECONDS) / self._target), lowest), highest)
        panic = min(max(math.ceil(self._average(seen.at, _PANIC_SECONDS) / self._target), lowest), highest)
        if panic / ready >= _PANIC_THRESHOLD:
            self._panic_since = seen.at
        if seen.at - self._panic_since >= _STABLE_SECONDS:
            self._most_in_panic = 0
            return stable
        self._most_in_panic = max(self._most_in_panic, stable, panic)
        return self._most_in_panic

    def _average(self, now: float, seconds: float) -> float:
        values = [count for at, count in self._seen if now - at < seconds]
        return sum(values) / len(values)
