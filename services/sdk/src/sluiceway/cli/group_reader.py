"""Asks the server how a stream's groups stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from ..ids import entry_milliseconds
from .group_state import COUNTED_AT_MOST, ConsumerState, GroupState, Lag, judge_lag
from .server import Server
from .streams import GroupInfo, StreamInfo, derived_keys, name_of, stream_info

__all__ = ["read_groups"]


@dataclass(frozen=True, slots=True)
class _Part:
    """A group on the stream itself, or on its stream of replays."""

    lag: Lag
    pending: int
    oldest: int | None
    consumers: tuple[ConsumerState, ...]


async def read_groups(server: Server, stream: StreamInfo, now: int) -> list[GroupState]:
    """Return the states of a stream's groups; one that goes away meanwhile is left out.

    Args:
        server: The server.
        stream: What it said about the stream a moment ago.
        now: The server's time in milliseconds.
    """
    states = []
    for group in stream.groups:
        try:
            states.append(await _read(server, stream, group, now))
        except ResponseError as error:
            if not str(error).startswith("NOGROUP") and "no such key" not in str(error):
                raise
    return states


async def _read(server: Server, stream: StreamInfo, group: GroupInfo, now: int) -> GroupState:
    parts = [await _part(server, stream, group)]
    dead_letters = 0
    if keys := derived_keys(stream.name, group.name):
        dead_letters = await server.call("XLEN", keys.dead)
        replay = await stream_info(server, keys.replay)
        if replay is not None:
            parts += [await _part(server, replay, each) for each in replay.groups if each.name == group.name]
    ages = [now - part.oldest for part in parts if part.oldest is not None]
    return GroupState(
        stream=stream.name,
        group=group.name,
        lag=sum((part.lag for part in parts[1:]), parts[0].lag),
        pending=sum(part.pending for part in parts),
        oldest_age_seconds=max(0, *ages) / 1000 if ages else None,
        dead_letters=dead_letters,
        consumers=_merged(part.consumers for part in parts),
    )


async def _part(server: Server, stream: StreamInfo, group: GroupInfo) -> _Part:
    undelivered: list[Any] = []
    if not stream.delivered_all(group):
        trusted = group.lag is not None and stream.added == stream.length
        count = 1 if trusted else COUNTED_AT_MOST
        undelivered = await server.call("XRANGE", stream.name, f"({group.last_delivered}", "+", "COUNT", count)
    _, first_pending, _, _ = await server.call("XPENDING", stream.name, group.name)
    unprocessed = [
        entry_milliseconds(entry) for entry in (first_pending, *(each[0] for each in undelivered[:1])) if entry
    ]
    consumers = []
    for flat in await server.call("XINFO", "CONSUMERS", stream.name, group.name):
        about = dict(zip(flat[::2], flat[1::2], strict=True))
        consumers.append(ConsumerState(name_of(about[b"name"]), about[b"pending"], about[b"idle"] / 1000))
    return _Part(
        judge_lag(stream, group, len(undelivered)), group.pending, min(unprocessed, default=None), tuple(consumers)
    )


def _merged(parts: Any) -> tuple[ConsumerState, ...]:
    """Return the consumers of both streams, one entry a name, those that own most first."""
    by_name: dict[str, ConsumerState] = {}
    for each in (consumer for part in parts for consumer in part):
        known = by_name.get(each.name)
        if known is not None:
            each = ConsumerState(each.name, each.pending + known.pending, min(each.idle_seconds, known.idle_seconds))
        by_name[each.name] = each
    return tuple(sorted(by_name.values(), key=lambda each: (-each.pending, each.name)))
