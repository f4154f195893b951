"""What a policy is asked and what it sees."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Policy", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is at a moment.

    Args:
        at: The time in seconds.
        asked: Replicas asked for.
        ready: Replicas that take entries.
        lag: Entries that no replica has taken.
        in_work: Entries that replicas hold; each holds one.
        arrived: Entries that ever arrived.
        done: Entries that are done.
        oldest_age: Age of the oldest entry that nobody has taken, in seconds.
    """

    at: float
    asked: int
    ready: int
    lag: int
    in_work: int
    arrived: int
    done: int
    oldest_age: float


class Policy(Protocol):
    """Says how many replicas there shall be. It may remember what it saw; each simulation takes a new one.

    Attributes:
        first: How many replicas there are in the beginning.
        interval_seconds: How often it looks.
        wakes: Whether it looks at once when an entry arrives while there is no replica.
    """

    first: int
    interval_seconds: float
    wakes: bool

    def decide(self, seen: Seen) -> int:
        """Return how many there shall be."""
        ...
