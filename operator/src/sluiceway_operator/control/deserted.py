"""Since when groups have had no consumer. The server does not tell, so it has to be seen again and again."""

from collections.abc import Collection
from dataclasses import dataclass, field

__all__ = ["Deserted"]

_LONGEST_GAP_SECONDS = 150.0
"""Somebody may have come and gone between two looks that are farther apart. Resources at rest are trimmed once a minute."""


@dataclass(slots=True)
class Deserted:
    """Groups of one stream that have no consumer.

    Args:
        since: When each was seen so first, in seconds of the monotonic clock, and at every look from then on.
        looked_at: When the latest look was.
    """

    since: dict[str, float] = field(default_factory=dict)
    looked_at: float = float("-inf")

    def note(self, groups: Collection[str], now: float) -> None:
        """Take what a look saw."""
        before = self.since if now - self.looked_at <= _LONGEST_GAP_SECONDS else {}
        self.since = {group: before.get(group, now) for group in groups}
        self.looked_at = now

    def for_seconds(self, seconds: float, now: float) -> frozenset[str]:
        """Return the groups that have had no consumer for so long."""
        if now - self.looked_at > _LONGEST_GAP_SECONDS:
            return frozenset()
        return frozenset(group for group, since in self.since.items() if now - since >= seconds)
