"""The commands that the SDK and its scripts use on hashes, sets, keys and streams, apart from groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from redis.exceptions import ResponseError

from .keys import Hash, Keys, Set
from .replies import OK, Reply, Status
from .streams import EntryId, Stream, read_id, show_id

__all__ = ["COMMANDS", "Command", "entries_shown"]

Command = Callable[[Keys, Sequence[bytes]], Reply]


def entries_shown(entries: Sequence[tuple[EntryId, list[bytes]]]) -> list[list[Reply]]:
    """Return entries as replies show them."""
    return [[show_id(entry_id), list(fields)] for entry_id, fields in entries]


def _time(keys: Keys, _: Sequence[bytes]) -> Reply:
    seconds, milliseconds = divmod(keys.now(), 1000)
    return [b"%d" % seconds, b"%d" % (milliseconds * 1000)]


def _flush(keys: Keys, _: Sequence[bytes]) -> Reply:
    keys.clear()
    return OK


def _hset(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, *rest = arguments
    kept = keys.get(key, dict)
    before = len(kept)
    kept.update(zip(rest[::2], rest[1::2], strict=True))
    return len(kept) - before


def _hsetnx(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, field, value = arguments
    kept: Hash = keys.get(key, dict)
    fresh = field not in kept
    kept.setdefault(field, value)
    return int(fresh)


def _hget(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    kept: Hash | None = keys.find(arguments[0], dict)
    return (kept or {}).get(arguments[1])


def _hgetall(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    kept: Hash | None = keys.find(arguments[0], dict)
    return [part for pair in (kept or {}).items() for part in pair]


def _hdel(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, *fields = arguments
    kept: Hash = keys.find(key, dict) or {}
    gone = sum(kept.pop(field, None) is not None for field in fields)
    keys.tidy(key)
    return gone


def _hincrby(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, field, by = arguments
    kept: Hash = keys.get(key, dict)
    number = int(kept.get(field, b"0")) + int(by)
    kept[field] = b"%d" % number
    return number


def _sadd(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, *members = arguments
    kept: Set = keys.get(key, set)
    before = len(kept)
    kept.update(members)
    return len(kept) - before


def _smismember(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, *members = arguments
    kept: Set = keys.find(key, set) or set()
    return [int(member in kept) for member in members]


def _xadd(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, wanted, *fields = arguments
    if wanted != b"*":
        raise ResponseError("ERR a server in memory gives entries their IDs: XADD key * field value …")
    if not fields or len(fields) % 2:
        raise ResponseError("ERR wrong number of arguments for 'xadd' command")
    return show_id(keys.get(key, Stream).add(fields, keys.now()))


def _xlen(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    stream = keys.find(arguments[0], Stream)
    return len(stream.entries) if stream else 0


def _xrange(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, low, high, *count = arguments
    stream = keys.find(key, Stream)
    found = stream.between(read_id(low), read_id(high, upper=True)) if stream else []
    return entries_shown(found[: _count(count)])


def _xrevrange(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, high, low, *count = arguments
    stream = keys.find(key, Stream)
    found = stream.between(read_id(low), read_id(high, upper=True)) if stream else []
    return entries_shown(found[::-1][: _count(count)])


def _count(rest: Sequence[bytes]) -> int | None:
    return int(rest[1]) if rest else None


def _xdel(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, *ids = arguments
    stream = keys.find(key, Stream)
    return sum(stream.entries.pop(read_id(each), None) is not None for each in ids) if stream else 0


def _xtrim(keys: Keys, arguments: Sequence[bytes]) -> Reply:
    key, how, limit = arguments
    stream = keys.find(key, Stream)
    if stream is None:
        return 0
    if how.upper() == b"MINID":
        doomed = [entry_id for entry_id in stream.entries if entry_id < read_id(limit)]
    else:
        doomed = list(stream.entries)[: max(0, len(stream.entries) - int(limit))]
    for entry_id in doomed:
        del stream.entries[entry_id]
    return len(doomed)


COMMANDS: Mapping[bytes, Command] = {
    b"PING": lambda _keys, _arguments: Status(b"PONG"),
    b"TIME": _time,
    b"FLUSHALL": _flush,
    b"FLUSHDB": _flush,
    b"TYPE": lambda keys, arguments: Status(keys.kind(arguments[0])),
    b"EXISTS": lambda keys, arguments: sum(keys.kind(key) != b"none" for key in arguments),
    b"DEL": lambda keys, arguments: sum(keys.delete(key) for key in arguments),
    b"PTTL": lambda keys, arguments: keys.left(arguments[0]),
    b"PEXPIREAT": lambda keys, arguments: keys.expire_at(arguments[0], int(arguments[1])),
    b"HSET": _hset,
    b"HSETNX": _hsetnx,
    b"HGET": _hget,
    b"HGETALL": _hgetall,
    b"HDEL": _hdel,
    b"HEXISTS": lambda keys, arguments: int(_hget(keys, arguments) is not None),
    b"HINCRBY": _hincrby,
    b"SADD": _sadd,
    b"SMISMEMBER": _smismember,
    b"SCARD": lambda keys, arguments: len(keys.find(arguments[0], set) or ()),
    b"XADD": _xadd,
    b"XLEN": _xlen,
    b"XRANGE": _xrange,
    b"XREVRANGE": _xrevrange,
    b"XDEL": _xdel,
    b"XTRIM": _xtrim,
}
"""Commands by their names."""
