"""The kit's own hands on the server: they arrange and look, and no fault reaches them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from ..connection import Argument, Endpoint, Link, RedisSettings
from ..connection.detour import Detour, detour
from ..engine.health import group_is_missing
from ..keys import RELEASED, GroupKeys
from ..scripts import Script, load
from ..scripts.shapes import append_arguments
from ..wire import Fields, flat

__all__ = ["Control", "RealServer"]

_AGE_MILLISECONDS = 365 * 24 * 3600 * 1000
"""Longer than any lease."""

_STARTED_BEFORE = b"""#!lua
-- Append an entry that has been started before, as if its attempts had failed and its consumer had stopped since.
-- KEYS  1 stream, 2 retry records
-- ARGV  1 group, 2 the reserved consumer of handed-back entries, 3 starts, then the fields    Reply: its ID
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 4))
local read = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'STREAMS', KEYS[1], '>')
for _, entry in ipairs(read[1][2]) do
  local starts = entry[1] == id and ARGV[3] or 0
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry[1], 'RETRYCOUNT', starts, 'JUSTID')
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[2], id, cmsgpack.pack({now, now, now, tonumber(ARGV[3]), 'attempts before this test'}))
return id
"""


class RealServer:
    """A server elsewhere, as the goal of connections that were to go to yet another one.

    Args:
        redis: URL or settings.
    """

    def __init__(self, redis: str | RedisSettings) -> None:
        self._endpoint = Endpoint(redis)

    async def open(self, stream: str) -> AbstractConnection:
        """Return an open connection; raises as `Endpoint.open` does."""
        before = detour.set(None)
        try:
            return await self._endpoint.open(stream)
        finally:
            detour.reset(before)


class Control:
    """Arranges on the server and looks at it.

    Args:
        server: The server.
    """

    def __init__(self, server: Detour) -> None:
        self._server = server
        self._endpoint = Endpoint(RedisSettings())
        self._links: dict[str, Link] = {}
        self._one_at_a_time = asyncio.Lock()
        self._publish = load("publish")
        digest = sha1(_STARTED_BEFORE, usedforsecurity=False).hexdigest().encode()
        self._started_before = Script("started_before", _STARTED_BEFORE, digest)

    async def close(self) -> None:
        """Close its connections."""
        for link in self._links.values():
            await link.close()

    @asynccontextmanager
    async def direct(self) -> AsyncIterator[None]:
        """Let connections that are opened meanwhile go to the server, past all faults."""
        before = detour.set(self._server)
        try:
            yield
        finally:
            detour.reset(before)

    async def call(self, stream: str, *command: Argument) -> Any:
        """Run a command about a stream.

        Raises:
            redis.exceptions.RedisError: The server's error.
        """
        async with self._one_at_a_time, self.direct():
            return await self._link(stream).call(*command)

    async def run(self, stream: str, script: Script, keys: Sequence[bytes | str], arguments: Sequence[Argument]) -> Any:
        """Run a script about a stream; raises as `call` does."""
        async with self._one_at_a_time, self.direct():
            return await self._link(stream).run(script, keys, arguments)

    async def append(self, stream: str, entries: Sequence[Fields]) -> list[bytes]:
        """Append entries in one step and return their IDs."""
        ids: list[bytes] = await self.run(stream, self._publish, (stream,), append_arguments(entries))
        return ids

    async def append_started(self, keys: GroupKeys, fields: Fields, starts: int) -> bytes:
        """Append an entry that the group has started so many times already, and return its ID."""
        entry_id: bytes = await self.run(
            keys.stream, self._started_before, (keys.stream, keys.retry), (keys.group, RELEASED, starts, *flat(fields))
        )
        return entry_id

    async def has_group(self, keys: GroupKeys) -> bool:
        """Return whether the group is there, on its stream and on its replays."""
        return all([await self._group(stream, keys.group) for stream in (keys.stream, keys.replay)])

    async def unsettled(self, stream: str, group: str) -> tuple[bool, int]:
        """Return whether there is anything that a group has not read, and how much it has not acknowledged."""
        info = await self._group(stream, group)
        if info is None:
            return True, 0
        unread = await self.call(stream, "XRANGE", stream, b"(" + info[b"last-delivered-id"], "+", "COUNT", 1)
        return bool(unread), info[b"pending"]

    async def is_pending(self, stream: str, group: str, entry_id: bytes) -> bool:
        """Return whether an entry was delivered and not acknowledged."""
        return bool(await self.call(stream, "XPENDING", stream, group, entry_id, entry_id, 1))

    async def pending(self, stream: str, group: str, consumer: str) -> list[bytes]:
        """Return the IDs that are pending for a consumer; none if there is no such group."""
        try:
            found = await self.call(stream, "XPENDING", stream, group, "-", "+", 10_000, consumer)
        except ResponseError as error:
            if group_is_missing(error):
                return []
            raise
        return [entry[0] for entry in found]

    async def age(self, stream: str, group: str, consumer: str) -> None:
        """Let the lease of everything that a consumer holds run out, unless its body is gone."""
        for entry_id in await self.pending(stream, group, consumer):
            if await self.call(stream, "XRANGE", stream, entry_id, entry_id):
                await self.call(
                    stream, "XCLAIM", stream, group, consumer, 0, entry_id, "IDLE", _AGE_MILLISECONDS, "JUSTID"
                )

    async def entries(self, stream: str) -> list[tuple[bytes, list[bytes]]]:
        """Return everything that is in a stream."""
        found: list[tuple[bytes, list[bytes]]] = await self.call(stream, "XRANGE", stream, "-", "+")
        return found

    def _link(self, stream: str) -> Link:
        if stream not in self._links:
            self._links[stream] = Link(self._endpoint, stream)
        return self._links[stream]

    async def _group(self, stream: str, group: str) -> dict[bytes, Any] | None:
        if not await self.call(stream, "EXISTS", stream):
            return None
        for listed in await self.call(stream, "XINFO", "GROUPS", stream):
            info = dict(zip(listed[::2], listed[1::2], strict=True))
            if info[b"name"] == group.encode():
                return info
        return None
