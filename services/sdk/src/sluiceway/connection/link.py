"""A connection that carries one command at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import BusyLoadingError, ClusterDownError, NoScriptError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..scripts import Script
from .endpoint import Endpoint

__all__ = ["Argument", "Link"]

Argument = bytes | str | int | float
"""What a command may be given."""

_NOT_A_MASTER = (ReadOnlyError, BusyLoadingError, ClusterDownError)
"""What a server says that was, or is not yet, the one to talk to (MASTERDOWN is a kind of CLUSTERDOWN to redis-py)."""


class Link:
    """One connection that carries one command at a time and opens again after a fault.

    A link belongs to one task. After any fault or cancellation the connection is dropped, so a late reply can never
    be taken for another command's. It is also dropped where the server says that it cannot be written to: whatever
    is found at the next connect may be another server.

    Args:
        endpoint: The server.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._timeout_seconds = endpoint.settings.timeout_seconds
        self._connection: AbstractConnection | None = None

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
            if isinstance(error, _NOT_A_MASTER):
                await self.close()
            if task is not None and task.cancelling() > before:
                raise asyncio.CancelledError from error
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
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)

    async def _exchange(self, arguments: tuple[Argument, ...]) -> Any:
        connection = self._connection
        if connection is not None and connection.is_connected and await connection.can_read():
            # Nothing was asked, so this is the end: the peer closed the connection while it was idle.
            await connection.disconnect(nowait=True)
        if connection is None or not connection.is_connected:
            connection = self._connection = await self._endpoint.open()
            # One timer for the whole exchange is ours. redis-py's makes a task of each send (wait_for), a third of
            # what a round trip costs this process.
            connection.socket_timeout = None
        packed = pack_command(arguments)  # type: ignore[arg-type]  # its stub names no tuple of any length
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await connection.send_packed_command(packed, check_health=False)
                return await connection.read_response(disable_decoding=True)
        except TimeoutError:
            await self.close()
            raise RedisTimeoutError(f"no reply within {self._timeout_seconds} s") from None
