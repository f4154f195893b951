"""What one run of one contender came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Measurement"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run.

    Args:
        events: Entries appended to any stream; for what consumes a filled stream, entries handled.
        seconds: From the first of them to the end of all work that they cause.
        cpu_seconds: User and system time meanwhile, by process.
        orders_per_s: For a chain: orders that went through all of it.
        latency_ms: For a chain: percentiles `p50` and `p99` at 70 % of that rate.
    """

    events: int
    seconds: float
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    orders_per_s: float | None = None
    latency_ms: Mapping[str, float] | None = None

    @property
    def events_per_s(self) -> float:
        """The rate."""
        return self.events / self.seconds

    def cpu_us_per_event(self) -> dict[str, float]:
        """Microseconds of processor time an event, by process: what a busy machine distorts least."""
        return {process: seconds / self.events * 1e6 for process, seconds in self.cpu_seconds.items()}
