"""A connection that carries one command at a time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..scripts import Script
from .address import Node
from .connector import drop
from .endpoint import Endpoint
from .tls import explained

__all__ = ["ASKING", "Argument", "Link"]

Argument = bytes | str | int | float
"""What a command may be given."""

_NOT_A_MASTER = (ReadOnlyError, BusyLoadingError, ClusterDownError)
"""What a server says that was, or is not yet, the one to talk to (MASTERDOWN is a kind of CLUSTERDOWN to redis-py). One
that has lost its replicas (NOREPLICAS) may have been replaced without knowing it."""
_ELSEWHERE = (AskError, TryAgainError, ClusterDownError)
"""What a node says of a slot that moves, has moved (MOVED is a kind of ASK to redis-py), or is served by nobody."""

ASKING = pack_command(("ASKING",))
"""Lets the next command pass at a node that a slot is just moving to."""
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.25
_FOLLOWED_AT_ONCE = 3
"""Redirections in a row; nodes that send us to and fro have not told each other yet."""


class Link:
    """One connection that carries one command at a time and opens again after a fault.

    A link belongs to one task. After any fault or cancellation the connection is dropped, so a late reply can never
    be taken for another command's. It is also dropped where the server says that it cannot be written to: what the next
    connect finds may be another one.

    Args:
        endpoint: The servers.
        stream: Whose keys its commands are about: on a cluster it is what decides which server is talked to.
    """

    def __init__(self, endpoint: Endpoint, stream: str) -> None:
        self._endpoint = endpoint
        self._stream = stream
        self._timeout_seconds = endpoint.settings.timeout_seconds
        self._connection: AbstractConnection | None = None
        self._importer: AbstractConnection | None = None
        """On a cluster, the node that our slot is just moving to."""

    async def call(self, *arguments: Argument) -> Any:
        """Send a command and return its reply as bytes, integers and lists.

        Raises:
            redis.exceptions.RedisError: The server's error, a lost connection or a time-out.
        """
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        try:
            reply = await self._exchange(arguments)
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as error:
            if isinstance(error, _NOT_A_MASTER) or str(error).startswith("NOREPLICAS"):
                await self.close()
            if task is not None and task.cancelling() > before:
                raise asyncio.CancelledError from error
            # The server's view of our certificate comes with the first reply, not with the connection.
            if (told := explained(error, encrypted=self._endpoint.encrypted)) is not error:
                raise told from error
            raise
        # redis-py waits with asyncio.wait_for, which before Python 3.12 drops a cancellation that comes in the same
        # turn as the result or the error (python/cpython#86296); a loop around us would then never end.
        if task is not None and task.cancelling() > before:
            await self.close()
            raise asyncio.CancelledError
        return reply

    async def run(self, script: Script, keys: Sequence[bytes | str], arguments: Iterable[Argument]) -> Any:
        """Run a server-side script and return its reply; loads it where the server does not have it."""
        rest = (len(keys), *keys, *arguments)
        try:
            return await self.call(b"EVALSHA", script.digest, *rest)
        except NoScriptError:
            return await self.call(b"EVAL", script.source, *rest)

    async def close(self) -> None:
        """Close the connection."""
        for connection in (self._connection, self._importer):
            if connection is not None:
                await drop(connection)

    async def _exchange(self, arguments: tuple[Argument, ...]) -> Any:
        connection = await self._ready()
        packed = pack_command(arguments)  # type: ignore[arg-type]  # its stub names no tuple of any length
        try:
            return await self._send(connection, packed)
        except _ELSEWHERE as told:
            if self._endpoint.cluster is not None:
                return await self._follow(packed, told)
            if isinstance(told, AskError):
                raise ResponseError("this server is a node of a cluster: its URL has to be redis+cluster://…") from told
            raise

    async def _ready(self) -> AbstractConnection:
        connection = self._connection
        if connection is not None and connection.is_connected and await connection.can_read():
            # Nothing was asked, so this is the end: the peer closed the connection while it was idle.
            await connection.disconnect(nowait=True)
        if connection is None or not connection.is_connected:
            connection = self._connection = _untimed(await self._endpoint.open(self._stream))
        return connection

    async def _send(self, connection: AbstractConnection, packed: bytes) -> Any:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await connection.send_packed_command(packed, check_health=False)
                return await connection.read_response(disable_decoding=True)
        except TimeoutError:
            await self.close()
            raise RedisTimeoutError(f"no reply within {self._timeout_seconds} s") from None

    async def _follow(self, packed: bytes, told: ResponseError) -> Any:
        """Send a command where a cluster's nodes say that it belongs, for as long as any reply may take."""
        deadline = time.monotonic() + self._timeout_seconds
        wait, followed = _FIRST_WAIT, 0
        while True:
            followed += 1
            if followed > _FOLLOWED_AT_ONCE or not isinstance(told, AskError):
                if time.monotonic() > deadline:
                    raise told
                await asyncio.sleep(wait * (0.5 + random.random() / 2))  # noqa: S311
                wait = min(wait * 2, _LONGEST_WAIT)
            try:
                return await self._send(await self._named_by(told), packed)
            except _ELSEWHERE as error:
                told = error

    async def _named_by(self, told: ResponseError) -> AbstractConnection:
        """Return the connection to go on with."""
        if isinstance(told, MovedError):
            await self.close()
            self._connection = _untimed(await self._endpoint.open_at(self._address(told)))
            return self._connection
        if isinstance(told, AskError):
            return await self._ask(self._address(told))
        if isinstance(told, ClusterDownError):
            await self.close()
        return await self._ready()

    async def _ask(self, node: Node) -> AbstractConnection:
        """Return a connection to the node that a slot moves to, which takes the next command for it."""
        importer = self._importer
        if importer is None or not importer.is_connected or _address_of(importer) != node:
            if importer is not None:
                await importer.disconnect(nowait=True)
            importer = self._importer = _untimed(await self._endpoint.open_at(node))
        await self._send(importer, ASKING)
        return importer

    def _address(self, told: AskError) -> Node:
        # A node that does not know its host leaves it out; it is then the host of the one that told us.
        host = told.host if told.host not in ("", "?") else _address_of(self._connection)[0]
        return host, told.port


def _address_of(connection: AbstractConnection | None) -> Node:
    return getattr(connection, "host", ""), getattr(connection, "port", 0)


def _untimed(connection: AbstractConnection) -> AbstractConnection:
    # One timer for a whole exchange is ours. redis-py's makes a task of each send (wait_for), a third of what a round trip
    # costs this process.
    connection.socket_timeout = None
    return connection
