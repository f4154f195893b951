"""What happened since the operator started, as plain numbers that `/metrics` reads when somebody asks."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..decide import Reason

__all__ = ["Durations", "ResourceTally", "SweepTally"]

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class ResourceTally:
    """What was done for one resource.

    Args:
        decisions: Looks by the rule that decided.
        raised: Times its target was given more replicas.
        reduced: Times its target was given fewer.
        reaped: Dead consumers whose names were removed.
        released: Entries of theirs that were given to others.
        capped: Dead letters that were removed since there were too many.
    """

    decisions: Counter[Reason] = field(default_factory=Counter)
    raised: int = 0
    reduced: int = 0
    reaped: int = 0
    released: int = 0
    capped: int = 0

    def scaled(self, before: int, after: int) -> None:
        """Count a target that was given another number of replicas."""
        self.raised += after > before
        self.reduced += after < before


class Durations:
    """Counts of durations by upper bound, in seconds."""

    __slots__ = ("counts", "total")

    bounds = _BOUNDS

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count a duration."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds

    def __add__(self, other: "Durations") -> "Durations":
        both = Durations()
        both.counts = [one + another for one, another in zip(self.counts, other.counts, strict=True)]
        both.total = self.total + other.total
        return both


@dataclass(slots=True)
class SweepTally:
    """How the sweeps of one server went.

    Args:
        durations: Of whole sweeps.
        errors: Looks that the server did not answer.
        reachable: Whether it answered the latest look; None before the first.
    """

    durations: Durations = field(default_factory=Durations)
    errors: int = 0
    reachable: bool | None = None

    @contextmanager
    def timed(self, clock: Callable[[], float]) -> Iterator[None]:
        """Count a sweep."""
        began = clock()
        yield
        self.durations.observe(clock() - began)

    def answered(self, reached: bool) -> None:  # noqa: FBT001  # a fact, not an option
        """Count a look."""
        self.reachable = reached
        self.errors += not reached
