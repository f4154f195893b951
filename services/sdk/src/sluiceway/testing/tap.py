"""Connections on which faults may happen: each command passes here before the server sees it."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from hiredis import Reader
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from ..connection.detour import Detour
from ..scripts import Script, load

__all__ = ["Call", "Tap", "Trap"]

_NAMES = ("commit", "fail", "publish")


@dataclass(frozen=True, slots=True)
class Call:
    """A script that is about to run.

    Args:
        script: Which one.
        keys: Its keys.
        arguments: Its arguments.
    """

    script: Script
    keys: tuple[bytes, ...]
    arguments: tuple[bytes, ...]


Trap = Callable[[Call], Awaitable[Callable[[], Awaitable[None]] | None]]
"""Does something before a script runs, and may return what is to be done after it."""


class Tap:
    """Opens connections to a server and holds what is to go wrong on them.

    Args:
        server: Where the connections go.
    """

    def __init__(self, server: Detour) -> None:
        self.is_down = False
        self._server = server
        self._scripts = {script.digest: script for script in map(load, _NAMES)}
        self._traps: list[tuple[frozenset[str], Trap]] = []
        self._connections: weakref.WeakSet[_TappedConnection] = weakref.WeakSet()

    async def open(self, stream: str) -> AbstractConnection:
        """Return an open connection.

        Raises:
            redis.exceptions.ConnectionError: The server is down, for the test's sake.
        """
        self.refuse_if_down()
        connection = _TappedConnection(await self._server.open(stream), self)
        self._connections.add(connection)
        # It has what a link uses; redis-py's base class stands for sockets and protocols besides.
        return cast("AbstractConnection", connection)

    async def close(self) -> None:
        """Close all connections, so that whoever goes on using one opens another."""
        for connection in tuple(self._connections):
            await connection.disconnect(nowait=True)

    def refuse_if_down(self) -> None:
        """Raise the error of a server that is not there, if it is not to be there."""
        if self.is_down:
            raise RedisConnectionError("the server is down, for this test's sake")

    def set_trap(self, trap: Trap, *scripts: str) -> None:
        """Let something happen once, when the next of these scripts is about to run."""
        self._traps.append((frozenset(scripts), trap))

    async def spring(self, packed: bytes) -> Callable[[], Awaitable[None]] | None:
        """Let happen what is to happen before a command, and return what is to happen after it."""
        self.refuse_if_down()
        if not self._traps:
            return None
        call = self._call(packed)
        for place, (scripts, trap) in enumerate(self._traps):
            if call is not None and call.script.name in scripts:
                del self._traps[place]
                return await trap(call)
        return None

    def _call(self, packed: bytes) -> Call | None:
        reader = Reader()
        reader.feed(packed)
        name, *words = cast("list[bytes]", reader.gets())
        script = self._scripts.get(words[0]) if name == b"EVALSHA" else None
        if script is None:
            return None
        number = int(words[1])
        return Call(script, tuple(words[2 : 2 + number]), tuple(words[2 + number :]))


class _TappedConnection:
    def __init__(self, connection: AbstractConnection, tap: Tap) -> None:
        self._connection: Any = connection
        self._tap = tap
        self._afterwards: Callable[[], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @property
    def socket_timeout(self) -> float | None:
        return cast("float | None", self._connection.socket_timeout)

    @socket_timeout.setter
    def socket_timeout(self, seconds: float | None) -> None:
        self._connection.socket_timeout = seconds

    async def send_packed_command(self, command: bytes, *, check_health: bool = True) -> None:
        # A script that the server did not know is sent once more, as text.
        self._afterwards = await self._tap.spring(command) or self._afterwards
        await self._connection.send_packed_command(command, check_health=check_health)

    async def read_response(self, *, disable_decoding: bool = False) -> Any:
        reply = await self._connection.read_response(disable_decoding=disable_decoding)
        afterwards, self._afterwards = self._afterwards, None
        if afterwards is not None:
            await afterwards()
        return reply
