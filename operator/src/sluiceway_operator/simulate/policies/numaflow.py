"""Numaflow's rule for a source vertex."""

from collections import deque
from dataclasses import dataclass

from typing_extensions import override

from .policy import Policy, Seen

__all__ = ["NumaflowPolicy"]

_LOOKBACK_SECONDS = 120.0
_COOLDOWN_SECONDS = 90.0
_ZERO_SLEEP_SECONDS = 120.0
_TASK_SECONDS = 30.0  # at most so often (`taskInterval` of the options)
_MOST_A_STEP = 2


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    pending: int
    done: int


class NumaflowPolicy(Policy):
    """Replicas times the time that the backlog needs at the present rate, over the time that it should need.

    desired = round(pending / rate / targetProcessingSeconds x ready), at least 1, at most pending; 1 if only one of
    pending and rate is 0, none only if both are; both are averages over `lookbackSeconds`; nothing changes while
    no replica is ready or the rate is not known; two replicas a step and 90 s between steps; at none it sleeps 120 s and then starts one to look.

    Source: numaflow `pkg/reconciler/vertex/scaling/scaling.go` (`scaleOneVertex`, `desiredReplicas`) and
    `docs/user-guide/reference/autoscaling.md` for the defaults.

    Args:
        target_seconds: `targetProcessingSeconds`.
        most: `max`.
    """

    first = 0
    interval_seconds = 1.0
    wakes = False

    def __init__(self, target_seconds: float, most: int) -> None:
        self._target = target_seconds
        self._most = most
        self._changed_at = -_ZERO_SLEEP_SECONDS
        self._due = 0.0
        self._samples: deque[_Sample] = deque()

    @override
    def decide(self, seen: Seen) -> int:
        self._samples.append(_Sample(seen.at, seen.lag + seen.in_work, seen.done))
        while seen.at - self._samples[0].at > _LOOKBACK_SECONDS:
            self._samples.popleft()
        if seen.at < self._due:
            return seen.asked
        self._due = seen.at + _TASK_SECONDS
        step = max(-_MOST_A_STEP, min(self._wanted(seen) - seen.asked, _MOST_A_STEP))
        if step:
            self._changed_at = seen.at
        return seen.asked + step

    def _wanted(self, seen: Seen) -> int:
        since_change = seen.at - self._changed_at
        if seen.asked == 0:
            return 1 if since_change >= _ZERO_SLEEP_SECONDS else 0
        if not seen.ready or since_change < _COOLDOWN_SECONDS:
            return seen.asked
        earliest, latest = self._samples[0], self._samples[-1]
        seconds = latest.at - earliest.at
        if not seconds:  # no rate yet
            return seen.asked
        rate = (latest.done - earliest.done) / seconds
        pending = round(sum(each.pending for each in self._samples) / len(self._samples))
        if not pending or not rate:
            return 1 if pending or rate else 0
        wanted = round(pending / rate / self._target * seen.ready)
        return min(max(wanted, 1), pending, self._most)
