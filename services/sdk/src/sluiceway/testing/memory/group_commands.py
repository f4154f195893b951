"""The commands of consumer groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from redis.exceptions import ResponseError

from .commands import Command, entries_shown
from .keys import Keys
from .replies import OK, Reply
from .streams import EntryId, Group, Pending, Stream, read_id, show_id

__all__ = ["GROUP_COMMANDS"]

_NO_KEY = (
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
    "to create an empty stream automatically."
)


def _xgroup(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    action, key, name, *rest = arguments
    action = action.upper()
    if action == b"CREATE":
        return _create(keys, key, name, rest)
    if action == b"DESTROY":
        stream = keys.find(key, Stream)
        if stream is None:
            raise ResponseError(_NO_KEY)
        return int(stream.groups.pop(name, None) is not None)
    if action != b"DELCONSUMER":
        raise ResponseError(f"ERR a server in memory has no XGROUP {action.decode()}")
    _, group = keys.group(key, name)
    left = [entry_id for entry_id, pending in group.pending.items() if pending.consumer == rest[0]]
    for entry_id in left:
        del group.pending[entry_id]
    group.consumers.discard(rest[0])
    return len(left)


def _create(keys: Keys, key: bytes, name: bytes, rest: Sequence[bytes]) -> Reply:
    stream = keys.find(key, Stream)
    if stream is None and b"MKSTREAM" not in rest[1:]:
        raise ResponseError(_NO_KEY)
    stream = keys.get(key, Stream)
    if name in stream.groups:
        raise ResponseError("BUSYGROUP Consumer Group name already exists")
    stream.groups[name] = Group(stream.last if rest[0] == b"$" else read_id(rest[0]))
    return OK


def _xinfo(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    what, key = arguments[0].upper(), arguments[1]
    stream = keys.find(key, Stream)
    if stream is None:
        raise ResponseError("ERR no such key")
    if what == b"STREAM":
        first = entries_shown(list(stream.entries.items())[:1])
        return [
            *(b"length", len(stream.entries), b"last-generated-id", show_id(stream.last)),
            *(b"entries-added", stream.added, b"groups", len(stream.groups)),
            *(b"first-entry", first[0] if first else None),
        ]
    return [
        [
            *(b"name", name, b"consumers", len(group.consumers), b"pending", len(group.pending)),
            *(b"last-delivered-id", show_id(group.last), b"entries-read", None),
            *(b"lag", sum(entry_id > group.last for entry_id in stream.entries)),
        ]
        for name, group in sorted(stream.groups.items())
    ]


def _xreadgroup(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    _, name, consumer, *rest = arguments
    options = [each.upper() for each in rest]
    where = options.index(b"STREAMS")
    most = int(rest[options.index(b"COUNT") + 1]) if b"COUNT" in options[:where] else None
    streams = rest[where + 1 :]
    names = streams[: len(streams) // 2]
    try:
        # Where one of the groups is missing nothing is read of the others either.
        groups = [(key, *keys.group(key, name)) for key in names]
    except ResponseError as error:
        while_reading = " in XREADGROUP with GROUP option" if str(error).startswith("NOGROUP") else ""
        raise ResponseError(f"{error}{while_reading}") from None
    found = []
    for key, stream, group in groups:
        group.consumers.add(consumer)
        fresh = [each for each in stream.entries.items() if each[0] > group.last][:most]
        for entry_id, _ in fresh:
            group.pending[entry_id] = Pending(consumer, keys.now())
            group.last = entry_id
        if fresh:
            found.append([key, entries_shown(fresh)])
    return found or None


def _xack(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, name, *ids = arguments
    stream = keys.find(key, Stream)
    group = stream.groups.get(name) if stream is not None else None
    return sum(group.pending.pop(read_id(each), None) is not None for each in ids) if group else 0


def _xpending(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, name, *rest = arguments
    _, group = keys.group(key, name)
    if not rest:
        found = sorted(group.pending)
        owners = Counter(pending.consumer for pending in group.pending.values())
        if not found:
            return [0, None, None, None]
        shown = [[owner, b"%d" % number] for owner, number in sorted(owners.items())]
        return [len(found), show_id(found[0]), show_id(found[-1]), shown]
    low, high, most, *owner = rest
    matching = [
        (entry_id, pending)
        for entry_id, pending in group.between(read_id(low), read_id(high, upper=True))
        if not owner or pending.consumer == owner[0]
    ]
    return [
        [show_id(entry_id), pending.consumer, keys.now() - pending.delivered, pending.count]
        for entry_id, pending in matching[: int(most)]
    ]


def _xclaim(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, name, consumer, least_idle, *rest = arguments
    stream, group = keys.group(key, name)
    ids = [each for each in rest if b"-" in each]
    options = [each.upper() for each in rest]
    idle = int(rest[options.index(b"IDLE") + 1]) if b"IDLE" in options else 0
    count = int(rest[options.index(b"RETRYCOUNT") + 1]) if b"RETRYCOUNT" in options else None
    claimed = []
    for entry_id in map(read_id, ids):
        body = stream.entries.get(entry_id)
        pending = group.pending.get(entry_id)
        if body is None:
            # As of 7.0 a claim drops the pending reference of an entry that is no more.
            group.pending.pop(entry_id, None)
            continue
        if pending is None:
            if b"FORCE" not in options:
                continue
            pending = group.pending[entry_id] = Pending(consumer, keys.now(), 0)
        elif keys.now() - pending.delivered < int(least_idle):
            continue
        _take(group, pending, consumer, keys.now() - idle)
        if count is not None:
            pending.count = count
        elif b"JUSTID" not in options:
            pending.count += 1
        claimed.append((entry_id, body))
    if b"JUSTID" in options:
        return [show_id(entry_id) for entry_id, _ in claimed]
    return entries_shown(claimed)


def _xautoclaim(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, name, consumer, least_idle, start, *rest = arguments
    options = [each.upper() for each in rest]
    most = int(rest[options.index(b"COUNT") + 1]) if b"COUNT" in options else 100
    if b"JUSTID" not in options:
        raise ResponseError("ERR a server in memory has XAUTOCLAIM with JUSTID only")
    stream, group = keys.group(key, name)
    claimed: list[EntryId] = []
    gone: list[EntryId] = []
    looked_at = group.between(read_id(start), read_id(b"+"))
    cursor = b"0-0"
    for place, (entry_id, pending) in enumerate(looked_at):
        if len(claimed) + len(gone) == most or place == most * 10:
            cursor = show_id(entry_id)
            break
        if entry_id not in stream.entries:
            del group.pending[entry_id]
            gone.append(entry_id)
            continue
        if keys.now() - pending.delivered < int(least_idle):
            continue
        _take(group, pending, consumer, keys.now())
        claimed.append(entry_id)
    return [cursor, list(map(show_id, claimed)), list(map(show_id, gone))]


def _take(group: Group, pending: Pending, consumer: bytes, delivered: int) -> None:
    pending.consumer = consumer
    pending.delivered = delivered
    group.consumers.add(consumer)


GROUP_COMMANDS: Mapping[bytes, Command] = {
    b"XGROUP": _xgroup,
    b"XINFO": _xinfo,
    b"XREADGROUP": _xreadgroup,
    b"XACK": _xack,
    b"XPENDING": _xpending,
    b"XCLAIM": _xclaim,
    b"XAUTOCLAIM": _xautoclaim,
}
"""Commands by their names."""
