"""What was learned from the looks before this one."""

from dataclasses import dataclass, field, replace

from ..observation import Backlog, Observation
from ..resource import Accuracy, Scaling
from .arrivals import Arrivals
from .capacity import Capacity

__all__ = ["History", "Recommendation", "learn"]

_SHORTEST_MEMORY_SECONDS = 5.0
_LONGEST_MEMORY_SECONDS = 60.0
_QUIET_LOOKS = 2
"""After so many looks without an arrival, and nothing undelivered, the stream is drained."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the load asked for at a moment."""

    at: float
    replicas: int


@dataclass(frozen=True, slots=True)
class History:
    """What a decision needs to know of the past.

    Args:
        capacity: What one replica processes.
        last: The latest look; None before the first.
        arrivals: What arrived within about the drain time.
        quiet_looks: How many looks in a row, up to now, saw nothing arrive.
        idle_since: Since when there has been no work at all; None if there is some, or it is not known.
        recommendations: What the load asked for within the stabilisation window, oldest first.
        waiting_since: Since when a reduction waits for work that is held; None if none waits.
    """

    capacity: Capacity
    last: Observation | None = None
    arrivals: Arrivals = field(default_factory=Arrivals)
    quiet_looks: int = 0
    idle_since: float | None = None
    recommendations: tuple[Recommendation, ...] = ()
    waiting_since: float | None = None

    @classmethod
    def empty(cls, scaling: Scaling) -> "History":
        """Begin knowing nothing."""
        return cls(Capacity.guess(scaling.initial_capacity_per_replica))

    @property
    def drained(self) -> bool:
        """Whether everything is delivered and nothing more comes."""
        backlog = self.last and self.last.backlog
        return isinstance(backlog, Backlog) and backlog.lag == 0 and self.quiet_looks >= _QUIET_LOOKS

    @property
    def arrivals_per_second(self) -> float:
        """Entries a second that are to be expected; 0 once drained, else the past would call replicas back."""
        return 0.0 if self.drained else self.arrivals.per_second


def learn(history: History, scaling: Scaling, seen: Observation) -> History:
    """Add a look to what is known.

    A look that could not tell the backlog teaches nothing and stops the idle clock: unknown is never zero.

    Args:
        history: What is known.
        scaling: What was asked for.
        seen: The look, later than the last.
    """
    before = history.last
    backlog = seen.backlog
    if not isinstance(backlog, Backlog):
        return replace(history, last=seen, quiet_looks=0, idle_since=None)
    arrived = _arrived(before, seen)
    idle = backlog.total == 0 and backlog.accuracy is Accuracy.EXACT and not arrived
    learned = replace(
        history,
        last=seen,
        quiet_looks=history.quiet_looks + 1 if arrived == 0 else 0,
        idle_since=(seen.at if history.idle_since is None else history.idle_since) if idle else None,
    )
    if before is None or arrived is None or seen.at <= before.at:
        return learned
    seconds = seen.at - before.at
    arrivals = history.arrivals.seen(arrived, seconds, _memory_seconds(scaling))
    return replace(learned, arrivals=arrivals, capacity=_capacity(history.capacity, before, seen, arrived))


def _arrived(before: Observation | None, seen: Observation) -> int | None:
    """Count what was added since the look before; None if that cannot be told."""
    if before is None or before.entries_added is None or seen.entries_added is None:
        return None
    # a stream that was deleted and made anew counts from zero again
    return seen.entries_added - before.entries_added if seen.entries_added >= before.entries_added else None


def _capacity(capacity: Capacity, before: Observation, seen: Observation, arrived: int) -> Capacity:
    """Learn from a time in which replicas had all the work they could take: entries waited at both of its ends."""
    earlier, later = before.backlog, seen.backlog
    if not isinstance(earlier, Backlog) or not isinstance(later, Backlog):
        return capacity
    exact = earlier.accuracy is later.accuracy is Accuracy.EXACT
    busy = min(before.holding, seen.holding)
    if not (exact and busy and earlier.lag and later.lag):
        return capacity
    processed = arrived + earlier.total - later.total
    # negative if entries were put back (a replay, a group set back): nothing to learn
    return capacity.seen(processed, busy, seen.at - before.at) if processed >= 0 else capacity


def _memory_seconds(scaling: Scaling) -> float:
    drain = scaling.target.drain_seconds or _SHORTEST_MEMORY_SECONDS
    return min(max(float(drain), _SHORTEST_MEMORY_SECONDS), _LONGEST_MEMORY_SECONDS)
