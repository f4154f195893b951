"""A stream with its groups, as Redis 7.0 keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.exceptions import ResponseError

__all__ = ["NONE", "EntryId", "Group", "Pending", "Stream", "read_id", "show_id"]

EntryId = tuple[int, int]
"""Milliseconds and sequence number, which compare as a stream orders its entries."""

NONE: EntryId = (0, 0)
_LAST_SEQUENCE = 2**64 - 1


@dataclass(slots=True)
class Pending:
    """An entry that was delivered and not acknowledged."""

    consumer: bytes
    delivered: int
    """Milliseconds of the latest delivery."""
    count: int = 1


@dataclass(slots=True)
class Group:
    """A consumer group."""

    last: EntryId
    pending: dict[EntryId, Pending] = field(default_factory=dict)
    consumers: set[bytes] = field(default_factory=set)

    def between(self, low: EntryId, high: EntryId) -> list[tuple[EntryId, Pending]]:
        """Return what is pending between two IDs, both included, in their order."""
        return sorted((each for each in self.pending.items() if low <= each[0] <= high), key=lambda each: each[0])


@dataclass(slots=True)
class Stream:
    """A stream."""

    entries: dict[EntryId, list[bytes]] = field(default_factory=dict)
    """In the order of their IDs: each new one is greater than all before."""
    last: EntryId = NONE
    added: int = 0
    """How many entries there ever were."""
    groups: dict[bytes, Group] = field(default_factory=dict)

    def add(self, fields: list[bytes], now: int) -> EntryId:
        """Append an entry and return its ID, which the server's clock gives."""
        milliseconds, sequence = self.last
        self.last = (now, 0) if now > milliseconds else (milliseconds, sequence + 1)
        self.entries[self.last] = fields
        self.added += 1
        return self.last

    def between(self, low: EntryId, high: EntryId) -> list[tuple[EntryId, list[bytes]]]:
        """Return the entries between two IDs, both included, in their order."""
        return [each for each in self.entries.items() if low <= each[0] <= high]


def read_id(text: bytes, *, upper: bool = False) -> EntryId:
    """Return the ID that a range's end names: `-`, `+`, `(` for exclusive, with or without a sequence number.

    Args:
        text: What the command says.
        upper: It is the upper end.

    Raises:
        ResponseError: It can be none.
    """
    if text == b"-":
        return NONE
    if text == b"+":
        return (2**64 - 1, _LAST_SEQUENCE)
    exclusive = text.startswith(b"(")
    milliseconds, dash, sequence = text.removeprefix(b"(").partition(b"-")
    whole = _LAST_SEQUENCE if upper else 0
    try:
        found = (int(milliseconds), int(sequence) if dash else whole)
    except ValueError:
        raise ResponseError("ERR Invalid stream ID specified as stream command argument") from None
    if exclusive:
        return _before(found) if upper else (found[0], found[1] + 1)
    return found


def show_id(entry_id: EntryId) -> bytes:
    """Return an ID as a reply shows it."""
    return b"%d-%d" % entry_id


def _before(entry_id: EntryId) -> EntryId:
    milliseconds, sequence = entry_id
    return (milliseconds, sequence - 1) if sequence else (milliseconds - 1, _LAST_SEQUENCE)
