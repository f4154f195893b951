"""Finds a server's streams, and what a server says about one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from ..errors import ConfigurationError
from ..ids import entry_order
from ..keys import GroupKeys
from .exits import Failure
from .server import Server

__all__ = ["GroupInfo", "StreamInfo", "derived_keys", "find_streams", "name_of", "stream_info", "without_derived"]


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group as the server reports it.

    Args:
        name: Its name.
        pending: Entries delivered and not acknowledged.
        last_delivered: ID of the last entry delivered to it.
        lag: Entries not yet delivered by the server's account; None where it has none.
    """

    name: str
    pending: int
    last_delivered: str
    lag: int | None


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream as the server reports it.

    Args:
        name: Its name.
        length: Entries in it.
        added: Entries ever added.
        last_generated: ID of the latest entry ever added.
        groups: Its groups.
    """

    name: str
    length: int
    added: int
    last_generated: str
    groups: tuple[GroupInfo, ...]

    def delivered_all(self, group: GroupInfo) -> bool:
        """Tell whether the group has been given every entry."""
        return self.length == 0 or entry_order(group.last_delivered) >= entry_order(self.last_generated)


def name_of(raw: bytes) -> str:
    """Return a name as text; bytes that are no UTF-8 survive the way back."""
    return raw.decode("utf-8", "surrogateescape")


def derived_keys(stream: str, group: str) -> GroupKeys | None:
    """Return the keys that the SDK derives from a stream and a group; None for a group that it cannot have made."""
    try:
        return GroupKeys(stream, group)
    except ConfigurationError:
        return None


async def find_streams(server: Server) -> list[str]:
    """Return the names of all streams of all masters, sorted."""
    return sorted(map(name_of, await server.scan("stream")))


async def stream_info(server: Server, name: str) -> StreamInfo | None:
    """Return what the server says about a stream, or None if there is none of that name.

    The groups are asked for first: a group that has been given what was the latest entry a moment later has
    certainly been given everything.
    """
    try:
        groups = [_fields(flat) for flat in await server.call("XINFO", "GROUPS", name)]
        about = _fields(await server.call("XINFO", "STREAM", name))
    except NoPermissionError:
        raise
    except ResponseError as error:
        if "no such key" in str(error):
            return None
        if "WRONGTYPE" in str(error):
            raise Failure(f"{name!r} is a key of another type, not a stream") from error
        raise
    return StreamInfo(
        name,
        about[b"length"],
        about[b"entries-added"],
        about[b"last-generated-id"].decode(),
        tuple(
            GroupInfo(name_of(group[b"name"]), group[b"pending"], group[b"last-delivered-id"].decode(), group[b"lag"])
            for group in groups
        ),
    )


def without_derived(infos: Iterable[StreamInfo]) -> list[StreamInfo]:
    """Leave out the streams of dead letters and replays: they are told of with the group that they belong to."""
    kept = list(infos)
    derived: set[str] = set()
    for info in kept:
        for group in info.groups:
            if keys := derived_keys(info.name, group.name):
                derived |= {keys.dead, keys.replay}
    return [info for info in kept if info.name not in derived]


def _fields(flat: list[Any]) -> dict[bytes, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
