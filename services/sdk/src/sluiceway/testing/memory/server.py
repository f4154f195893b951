"""The server: its clock, its keys, and one command at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, ResponseError

from .commands import COMMANDS, Command
from .connection import as_connection
from .group_commands import GROUP_COMMANDS
from .interpreter import Interpreter
from .keys import Keys
from .replies import Reply

__all__ = ["MemoryServer"]

_COMMANDS: Mapping[bytes, Command] = {**COMMANDS, **GROUP_COMMANDS}


class MemoryServer:
    """What the SDK sees of a Redis server, in this process. Nothing of it outlives the object.

    It knows the commands that the SDK uses, and runs the SDK's server-side scripts themselves in a Lua interpreter.
    Many connections, threads and event loops may use it; one command runs at a time.

    Args:
        clock: Seconds that have passed on the server since it was made; None for real ones.

    Raises:
        ConfigurationError: There is no Lua interpreter: `pip install 'sluiceway[testing]'` brings one.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        began, running = time.time(), time.monotonic()
        since = clock or (lambda: time.monotonic() - running)
        self.keys = Keys(lambda: int((began + since()) * 1000))
        self._lock = threading.RLock()
        self._interpreter = Interpreter(self._run)
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    async def open(self, stream: str) -> AbstractConnection:
        """Return a connection, the same for every stream."""
        del stream
        return as_connection(self)

    def execute(self, command: Sequence[bytes]) -> Reply:
        """Run one command.

        Raises:
            ResponseError: The server's error.
        """
        with self._lock:
            reply = self._script(command) if command[0].upper() in (b"EVAL", b"EVALSHA") else self._run(command)
            for loop, changed in tuple(self._waiting):
                loop.call_soon_threadsafe(changed.set)
        return reply

    async def execute_blocking(self, command: Sequence[bytes], block_seconds: float) -> Reply:
        """Run one command again and again until it finds something or the time is up.

        Raises:
            ResponseError: The server's error.
        """
        changed = asyncio.Event()
        waiter = (asyncio.get_running_loop(), changed)
        self._waiting.add(waiter)
        try:
            async with asyncio.timeout(block_seconds):
                while (reply := self.execute_quietly(command)) is None:
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return None
        finally:
            self._waiting.discard(waiter)
        return reply

    def execute_quietly(self, command: Sequence[bytes]) -> Reply:
        """Run one command that changes nothing for those who wait.

        Raises:
            ResponseError: The server's error.
        """
        with self._lock:
            return self._run(command)

    def _run(self, command: Sequence[bytes]) -> Reply:
        name, *arguments = command
        known = _COMMANDS.get(name.upper())
        if known is None:
            raise ResponseError(f"ERR unknown command '{name.decode()}' (a server in memory knows what the SDK uses)")
        return known(self.keys, arguments)

    def _script(self, command: Sequence[bytes]) -> Reply:
        name, script, number, *rest = command
        if name.upper() == b"EVAL":
            digest = sha1(script, usedforsecurity=False).hexdigest().encode()
            self._interpreter.load(digest, script)
        elif self._interpreter.knows(script):
            digest = script
        else:
            raise NoScriptError("No matching script. Please use EVAL.")
        return self._interpreter.run(digest, rest[: int(number)], rest[int(number) :])
