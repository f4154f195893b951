"""Latencies in milliseconds: collected one by one, summed up as percentiles."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

_RECENT = 2000


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """Percentiles of some latencies in milliseconds; all zero where nothing was measured."""

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    max: float = 0.0

    def as_json(self) -> dict[str, float]:
        """Give the three figures, rounded to a tenth of a millisecond."""
        return {"p50": round(self.p50, 1), "p99": round(self.p99, 1), "max": round(self.max, 1)}


def summarise(latencies_ms: Sequence[float]) -> LatencySummary:
    """Sum up latencies by the nearest-rank method, so that every figure is one that was measured.

    Args:
        latencies_ms: the latencies in milliseconds, in any order.

    Returns:
        their percentiles.
    """
    if not latencies_ms:
        return LatencySummary()
    ordered = sorted(latencies_ms)

    def rank(share: float) -> float:
        return ordered[max(1, ceil(share * len(ordered))) - 1]

    return LatencySummary(count=len(ordered), p50=rank(0.50), p99=rank(0.99), max=ordered[-1])


@dataclass(slots=True)
class Latencies:
    """Every latency of a run, eight bytes each."""

    values_ms: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, latency_ms: float) -> None:
        """Take one more; a clock that stepped back does not make it negative."""
        self.values_ms.append(max(0.0, latency_ms))

    def summary(self) -> LatencySummary:
        """Sum up the whole run."""
        return summarise(self.values_ms)

    def recent(self) -> LatencySummary:
        """Sum up the last two thousand, for a view that shows what happens now."""
        return summarise(self.values_ms[-_RECENT:])
