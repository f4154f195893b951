"""A connection to a server in memory, as the SDK uses one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from hiredis import Reader
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from .replies import Reply

if TYPE_CHECKING:
    from .server import MemoryServer

__all__ = ["MemoryConnection", "as_connection"]


class MemoryConnection:
    """Takes packed commands and gives their replies.

    Args:
        server: The server.
    """

    def __init__(self, server: MemoryServer) -> None:
        self.socket_timeout: float | None = None
        self.is_connected = True
        self._server = server
        self._reader = Reader()
        self._command: Sequence[bytes] = ()

    async def can_read(self) -> bool:
        """Return whether there is something unasked: never."""
        return False

    async def send_packed_command(self, command: bytes, *, check_health: bool = True) -> None:
        """Take a command."""
        del check_health
        self._reader.feed(command)
        self._command = cast("Sequence[bytes]", self._reader.gets())

    async def read_response(self, *, disable_decoding: bool = False) -> Reply:
        """Run the command and return its reply.

        Raises:
            redis.exceptions.RedisError: The server's error.
        """
        del disable_decoding
        if not self.is_connected:
            raise RedisConnectionError("the connection is closed")
        command, self._command = self._command, ()
        block_seconds = _block_seconds(command)
        try:
            if block_seconds:
                return await self._server.execute_blocking(command, block_seconds)
            return self._server.execute(command)
        except ResponseError as error:
            # redis-py leaves out the word that says no more than that it is an error.
            raise type(error)(str(error).removeprefix("ERR ")) from None

    async def disconnect(self, *, nowait: bool = False) -> None:
        """Close it."""
        del nowait
        self.is_connected = False


def as_connection(server: MemoryServer) -> AbstractConnection:
    """Return a new connection under the type that the SDK's links take."""
    # It has what a link uses; redis-py's base class stands for sockets and protocols besides.
    return cast("AbstractConnection", MemoryConnection(server))


def _block_seconds(command: Sequence[bytes]) -> float:
    if command[0].upper() != b"XREADGROUP":
        return 0.0
    options = [each.upper() for each in command[: command.index(b"STREAMS")]]
    return int(options[options.index(b"BLOCK") + 1]) / 1000 if b"BLOCK" in options else 0.0
