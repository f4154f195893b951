"""What a consumer counts: plain numbers on the hot path, read by `/metrics` when somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

__all__ = ["Histogram", "Stats"]

_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Histogram:
    """Counts of durations by upper bound, in seconds."""

    __slots__ = ("counts", "total")

    bounds = _BOUNDS

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        """Count a duration, in seconds, that occurred so many times."""
        self.counts[bisect_left(_BOUNDS, seconds)] += times
        self.total += seconds * times


class Stats:
    """Counters of one consumer since it started. Read them, do not write them."""

    __slots__ = (
        "commit_errors",
        "commit_seconds",
        "end_to_end_seconds",
        "failed",
        "gone",
        "handler_seconds",
        "leases_lost",
        "lost_to_trimming",
        "received",
        "released",
        "repaired",
        "retried",
        "settled",
        "taken_over",
        "trimmed",
    )

    def __init__(self) -> None:
        self.received = 0
        """Entries read or taken over."""
        self.settled: Counter[str] = Counter()
        """Entries settled, by what became of them: handled, duplicate, ignored, dead_lettered."""
        self.failed = 0
        """Attempts that failed."""
        self.retried = 0
        """Attempts that failed and are to be tried again."""
        self.gone = 0
        """Entries that another consumer had settled before our commit."""
        self.lost_to_trimming = 0
        """Pending entries whose body had been removed from the stream."""
        self.taken_over = 0
        """Entries taken over from dead, stuck or stopped consumers."""
        self.leases_lost = 0
        """Entries that another consumer took over from us."""
        self.released = 0
        """Entries handed back at a stop or found under our name at a start."""
        self.repaired = 0
        """Times the group was lost and made anew."""
        self.trimmed = 0
        """Settled entries removed by `Trim`."""
        self.commit_errors = 0
        """Settlements that the server refused."""
        self.handler_seconds = Histogram()
        self.commit_seconds = Histogram()
        self.end_to_end_seconds = Histogram()
