"""What arrives and how much work it is."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Load", "Work"]


@dataclass(frozen=True, slots=True)
class Work:
    """One entry.

    Args:
        at: When it arrives, in seconds.
        seconds: How long a handler takes for it.
    """

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """A trace.

    Args:
        name: What it is called.
        works: The entries, in the order of their arrival.
        seconds: How long the trace is.
        stuck: From when to when, in seconds, something behind the handlers does not answer: none of them gets on.
    """

    name: str
    works: tuple[Work, ...]
    seconds: float
    stuck: tuple[float, float] | None = None

    @classmethod
    def of(cls, name: str, works: Iterable[Work], seconds: float, stuck: tuple[float, float] | None = None) -> "Load":
        """Make a load of entries in any order."""
        return cls(name, tuple(sorted(works, key=lambda work: work.at)), seconds, stuck)

    @property
    def mean_seconds(self) -> float:
        """How long a handler takes on average; 0 without entries."""
        return sum(work.seconds for work in self.works) / len(self.works) if self.works else 0.0

    def finished_at(self, begun: float, seconds: float) -> float:
        """Return when a handler that begins now is done."""
        finish = begun + seconds
        if self.stuck is not None:
            since, until = self.stuck
            if begun < until and finish > since:
                finish += until - max(begun, since)
        return finish
