"""Numaflow's rule for a source vertex."""

from collections import deque

from typing_extensions import override

from .policy import Policy, Seen

__all__ = ["NumaflowPolicy"]

_LOOKBACK_SECONDS = 120.0
_COOLDOWN_SECONDS = 90.0
_ZERO_SLEEP_SECONDS = 120.0
_MOST_A_STEP = 2


class NumaflowPolicy(Policy):
    """Replicas times the time that the backlog needs at the present rate, over the time that it should need.

    desired = round(pending / rate / targetProcessingSeconds x ready), at least 1, at most pending; none only if both
    pending and rate are 0; nothing changes while replicas are not ready or only one of the two is 0; two replicas a step
    and 90 s between steps; at none it sleeps 120 s and then starts one to look.

    Source: numaflow `pkg/reconciler/vertex/scaling/scaling.go` and `docs/specifications/autoscaling.md`, with the
    defaults there.

    Args:
        target_seconds: `targetProcessingSeconds`.
        most: `max`.
    """

    first = 0
    interval_seconds = 30.0
    wakes = False

    def __init__(self, target_seconds: float, most: int) -> None:
        self._target = target_seconds
        self._most = most
        self._changed_at = -_ZERO_SLEEP_SECONDS
        self._done: deque[tuple[float, int]] = deque()

    @override
    def decide(self, seen: Seen) -> int:
        self._done.append((seen.at, seen.done))
        while len(self._done) > 1 and seen.at - self._done[0][0] > _LOOKBACK_SECONDS:
            self._done.popleft()
        wanted = self._wanted(seen)
        step = max(-_MOST_A_STEP, min(wanted - seen.asked, _MOST_A_STEP))
        if step:
            self._changed_at = seen.at
        return seen.asked + step

    def _wanted(self, seen: Seen) -> int:
        since_change = seen.at - self._changed_at
        if seen.asked == 0:
            return 1 if since_change >= _ZERO_SLEEP_SECONDS else 0
        if seen.ready != seen.asked or since_change < _COOLDOWN_SECONDS:
            return seen.asked
        pending = seen.lag + seen.in_work
        (earliest, done), (latest, now_done) = self._done[0], self._done[-1]
        rate = (now_done - done) / (latest - earliest) if latest > earliest else 0.0
        if not pending and not rate:
            return 0
        if not pending or not rate:
            return seen.asked
        wanted = round(pending / rate / self._target * seen.ready)
        return min(max(wanted, 1), pending, self._most)
