"""How fast entries arrive, over the recent past."""

from dataclasses import dataclass

__all__ = ["Arrivals"]

_SHORTEST_SECONDS = 1.0
"""What arrived within less tells of no higher rate than if it had been so long: two looks may follow each other at once."""


@dataclass(frozen=True, slots=True)
class _Interval:
    seconds: float
    arrived: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What arrived in the latest intervals, oldest first; quiet ones that follow each other are one.

    The interval with the most arrivals does not count: a burst is backlog already, and would else be counted twice. A
    load that goes on is in all intervals, so leaving one out changes nothing.
    """

    intervals: tuple[_Interval, ...] = ()

    @property
    def per_second(self) -> float:
        """Entries a second."""
        if not self.intervals:
            return 0.0
        greatest = max(range(len(self.intervals)), key=lambda at: self.intervals[at].arrived)
        others = (*self.intervals[:greatest], *self.intervals[greatest + 1 :])
        # summed, not taken off the sum of all: beside a long interval a very short one is lost in rounding
        seconds = sum(each.seconds for each in others)
        return sum(each.arrived for each in others) / max(seconds, _SHORTEST_SECONDS)

    def seen(self, count: int, seconds: float, memory_seconds: float) -> "Arrivals":
        """Add an interval and forget what is older than the memory.

        Args:
            count: What arrived in it.
            seconds: How long it was; more than 0.
            memory_seconds: How far back to remember.
        """
        intervals = list(self.intervals)
        if not count and intervals and not intervals[-1].arrived:
            seconds += intervals.pop().seconds
        intervals.append(_Interval(min(seconds, memory_seconds), count))
        known = sum(each.seconds for each in intervals)
        while len(intervals) > 1 and known - intervals[0].seconds >= memory_seconds:
            known -= intervals.pop(0).seconds
        return Arrivals(tuple(intervals))
