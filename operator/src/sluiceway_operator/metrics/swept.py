"""What the metrics need of a server that is swept."""

from dataclasses import dataclass

from ..control import SweepTally

__all__ = ["Swept"]


@dataclass(frozen=True, slots=True)
class Swept:
    """A server at the moment of a scrape.

    Args:
        url: Where it is.
        tally: How its sweeps went.
        began_at: When the latest sweep began, in seconds of the monotonic clock; before the first, since when it is
            waited for.
        late_seconds: How late that was.
    """

    url: str
    tally: SweepTally
    began_at: float
    late_seconds: float
