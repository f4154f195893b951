"""How much a group has yet to do, as the server sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .connection import Link
from .keys import GroupKeys, lost_key

__all__ = ["Backlog", "observe_backlog"]


@dataclass(frozen=True, slots=True)
class Backlog:
    """A group's backlog on one stream, replayed dead letters included.

    Args:
        lag: Entries not yet delivered; None where the server cannot tell (an unknown lag is not zero).
        pending: Entries delivered and not acknowledged.
        dead_letters: Dead letters kept.
        lost_to_length: Entries that publishers with `unsafe_max_length` deleted before the group had settled them.
    """

    lag: int | None
    pending: int
    dead_letters: int
    lost_to_length: int


async def observe_backlog(link: Link, keys: GroupKeys) -> Backlog | None:
    """Return a group's backlog, or None if the group does not exist.

    Raises:
        redis.exceptions.RedisError: The server cannot be asked.
    """
    own = await _group(link, keys.stream, keys.group)
    if own is None:
        return None
    replay = await _group(link, keys.replay, keys.group) or {b"lag": 0, b"pending": 0}
    lags = (own.get(b"lag"), replay.get(b"lag"))
    lag = None if None in lags else sum(value for value in lags if value is not None)
    lost = await link.call("HGET", lost_key(keys.stream), keys.group)
    return Backlog(lag, own[b"pending"] + replay[b"pending"], await link.call("XLEN", keys.dead), int(lost or 0))


async def _group(link: Link, stream: str, group: str) -> dict[bytes, Any] | None:
    if not await link.call("EXISTS", stream):
        return None
    for flat in await link.call("XINFO", "GROUPS", stream):
        info = dict(zip(flat[::2], flat[1::2], strict=True))
        if info[b"name"] == group.encode():
            return info
    return None
