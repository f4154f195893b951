"""Names of the keys that belong to a stream and a group.

Every derived name carries the stream's hash tag, so that on Redis Cluster one script may touch them together.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConfigurationError

__all__ = ["RELEASED", "GroupKeys", "hash_tag", "lost_key"]

RELEASED = "~released"
"""The reserved consumer that holds entries handed back by a stopping consumer until another takes them."""

_OF_OTHERS = (":retry", ":replay", ":seen:0", ":seen:1", ":seen:2")
"""Ends of the keys that belong to a group's state: a group `payments:retry` would write into what is group `payments`'s."""


def hash_tag(stream: str) -> str:
    """Return the stream's name with a hash tag: `orders` becomes `{orders}`; a name that has one is kept.

    Raises:
        ConfigurationError: No tag can name the slot of such a stream.
    """
    start = stream.find("{")
    if start >= 0 and stream.find("}", start + 1) > start + 1:
        return stream
    if "}" in stream:
        raise ConfigurationError(
            f"stream={stream!r}: a name with '}}' needs a hash tag of its own, such as '{{orders}}.new'"
        )
    return f"{{{stream}}}"


def lost_key(stream: str) -> str:
    """Return the key of the hash that counts, a field a group, entries lost to `unsafe_max_length`."""
    return f"{hash_tag(stream)}:sluiceway:lost"


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """The keys of one group on one stream.

    Example:
        >>> GroupKeys("orders", "payments").dead
        '{orders}.payments.dead'
    """

    stream: str
    group: str

    def __post_init__(self) -> None:
        if not self.stream:
            raise ConfigurationError("stream='': a stream needs a name")
        hash_tag(self.stream)
        if not self.group or self.group.startswith("~"):
            raise ConfigurationError(f"group={self.group!r}: a group needs a name that does not begin with '~'")
        if self.group == "lost" or self.group.endswith(_OF_OTHERS):
            raise ConfigurationError(
                f"group={self.group!r}: choose another name, {self.state} is where something else is kept"
            )

    @property
    def dead(self) -> str:
        """Stream of the group's dead letters."""
        return f"{hash_tag(self.stream)}.{self.group}.dead"

    @property
    def replay(self) -> str:
        """Private stream of replayed dead letters, read by this group only."""
        return f"{hash_tag(self.stream)}.{self.group}.replay"

    @property
    def state(self) -> str:
        """Hash with the group's lost-group `policy`, its low watermark `low` and the stream's `first` entry at that time."""
        return f"{hash_tag(self.stream)}:sluiceway:{self.group}"

    @property
    def retry(self) -> str:
        """Hash from entry ID to the record of its failed attempts."""
        return f"{self.state}:retry"

    @property
    def scratch(self) -> str:
        """Key on which a consumer tries at its start what its user may do; nothing stays there."""
        return f"{self.state}:rights"

    @property
    def markers(self) -> tuple[str, str, str]:
        """The ring of marker sets: the current one, the one before, and the one about to be used again."""
        return f"{self.state}:seen:0", f"{self.state}:seen:1", f"{self.state}:seen:2"
