"""What the metrics need of a server that is swept."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..control import SweepTally
from ..observe import NodeFacts

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
        facts: What its processes say of themselves; empty if they do not tell.
    """

    url: str
    tally: SweepTally
    began_at: float
    late_seconds: float
    facts: Mapping[str, NodeFacts] = field(default_factory=dict)
