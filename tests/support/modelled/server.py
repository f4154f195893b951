"""A server in memory that says of its streams what Redis 7.0 says, its lag included, which is wrong at times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from sluiceway.testing.memory import MemoryServer
from sluiceway.testing.memory.streams import NONE, EntryId, Group, Stream, read_id

__all__ = ["ModelledServer"]


@dataclass(slots=True)
class _GroupNotes:
    """What a server remembers of a group beside what the SDK needs.

    Args:
        group: The group; another one of the same name is noted anew.
        entries_read: The server's counter; None where it lost count.
        seen_at: When each consumer asked for something last, in milliseconds.
    """

    group: Group
    entries_read: int | None = None
    seen_at: dict[bytes, int] = field(default_factory=dict)


@dataclass(slots=True)
class _StreamNotes:
    """What a server remembers of a stream beside what the SDK needs.

    Args:
        stream: The stream; another one of the same name is noted anew.
        last_deleted: The greatest ID that XDEL removed; trimming does not count.
        groups: By their names.
    """

    stream: Stream
    last_deleted: EntryId = NONE
    groups: dict[bytes, _GroupNotes] = field(default_factory=dict)


class ModelledServer(MemoryServer):
    """Knows the commands that the operator's scripts use, and answers them as Redis 7.0 does.

    How it counts is written after `t_stream.c`: `streamRangeHasTombstones`, `streamEstimateDistanceFromFirstEverEntry`
    and the lag of `XINFO GROUPS`. A contract test runs the same sequences on real servers.

    Args:
        clock: Seconds that have passed on the server since it was made.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._notes: dict[bytes, _StreamNotes] = {}

    @override
    def execute(self, command: Sequence[bytes]) -> Any:
        """Run one command; a script that only reads is a script like any other."""
        name, *rest = command
        return super().execute([name.removesuffix(b"_RO"), *rest])

    def stream(self, name: str) -> Stream:
        """Return a stream, an empty one if there is none."""
        return self.keys.streams().get(name.encode()) or Stream()

    @override
    def _run(self, command: Sequence[bytes]) -> Any:
        name, *arguments = command
        match name.upper():
            case b"XINFO" if arguments[0].upper() == b"GROUPS":
                return self._groups(arguments[1], super()._run(command))
            case b"XINFO" if arguments[0].upper() == b"CONSUMERS":
                return self._consumers(*arguments[1:])
            case b"XREADGROUP":
                return self._read(arguments, lambda: super(ModelledServer, self)._run(command))
            case b"XCLAIM":
                key, group, consumer, *_ = arguments
                reply = super()._run(command)
                self._group(key, group).seen_at[consumer] = self.keys.now()
                return reply
            case b"XDEL":
                key, *ids = arguments
                notes = self._stream(key)
                there = [each for each in map(read_id, ids) if each in notes.stream.entries]
                notes.last_deleted = max(notes.last_deleted, *there) if there else notes.last_deleted
        return super()._run(command)

    def _stream(self, key: bytes) -> _StreamNotes:
        stream = self.keys.streams().get(key)
        notes = self._notes.get(key)
        if notes is None or notes.stream is not stream:
            notes = self._notes[key] = _StreamNotes(stream or Stream())
        return notes

    def _group(self, key: bytes, name: bytes) -> _GroupNotes:
        _, group = self.keys.group(key, name)
        notes = self._stream(key)
        known = notes.groups.get(name)
        if known is None or known.group is not group:
            known = notes.groups[name] = _GroupNotes(group)
        return known

    # --- what is told -------------------------------------------------------------------------------------------------

    def _groups(self, key: bytes, told: list[list[Any]]) -> list[list[Any]]:
        for each in told:
            known = self._group(key, each[1])
            each[each.index(b"entries-read") + 1] = known.entries_read
            each[each.index(b"lag") + 1] = self._lag(self._stream(key), known)
        return told

    def _consumers(self, key: bytes, name: bytes) -> list[list[Any]]:
        known = self._group(key, name)
        owners = [pending.consumer for pending in known.group.pending.values()]
        return [
            [
                *(b"name", consumer, b"pending", owners.count(consumer)),
                *(b"idle", self.keys.now() - known.seen_at.get(consumer, self.keys.now())),
            ]
            for consumer in sorted(known.group.consumers)
        ]

    # --- how a server counts ------------------------------------------------------------------------------------------

    def _read(self, arguments: Sequence[bytes], run: Callable[[], Any]) -> Any:
        name, consumer, key = arguments[1], arguments[2], arguments[-2]
        known = self._group(key, name)
        known.seen_at[consumer] = self.keys.now()
        before = known.group.last
        reply = run()
        notes = self._stream(key)
        for entry_id in [each for each in notes.stream.entries if before < each <= known.group.last]:
            if known.entries_read is not None and not _has_tombstones(notes, entry_id):
                known.entries_read += 1
            else:
                known.entries_read = _distance_from_first(notes, entry_id)
        return reply

    def _lag(self, notes: _StreamNotes, known: _GroupNotes) -> int | None:
        added = notes.stream.added
        if not added:
            return 0
        read = known.entries_read
        if read is None or _has_tombstones(notes, known.group.last):
            read = _distance_from_first(notes, known.group.last)
        return None if read is None else added - read


def _has_tombstones(notes: _StreamNotes, since: EntryId) -> bool:
    return bool(notes.stream.entries) and notes.last_deleted != NONE and since <= notes.last_deleted


def _distance_from_first(notes: _StreamNotes, entry_id: EntryId) -> int | None:
    """Estimate how many entries there ever were up to an ID; None where that cannot be told."""
    stream = notes.stream
    if not stream.added:
        return 0
    if entry_id == stream.last or (not stream.entries and entry_id < stream.last):
        return stream.added
    if entry_id > stream.last:
        return None
    first = next(iter(stream.entries), NONE)
    if (notes.last_deleted == NONE or notes.last_deleted < first) and entry_id <= first:
        return stream.added - len(stream.entries) + (entry_id == first)
    return None
