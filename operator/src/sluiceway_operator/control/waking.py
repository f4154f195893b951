"""Waits for idle streams: one blocking read over all of them returns the moment any of them gets an entry.

What is asked for is what comes after the last ID that a look saw, never `$`: an entry that was added between the look and
the call would be missed.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import structlog
from redis.exceptions import RedisError, ResponseError

from ..entry_id import EntryId
from .server import Server

__all__ = ["Waker"]

_BLOCK_MS = 1000
"""Below the client's time-out; a stream that becomes idle waits this long, at most, until it is waited for."""
_NOTHING_IDLE_SECONDS = 0.2
_SPURNED_SECONDS = 30.0
"""How long a stream that cannot be read is left to the sweeps."""


class Waker:
    """Waits for the idle streams of one server.

    Args:
        server: The server.
        idle: Returns the idle streams, each with the last ID that was ever given in it.
        wake: Is told which of them got an entry; it looks at them before it returns.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        server: Server,
        idle: Callable[[], Mapping[str, EntryId]],
        wake: Callable[[Collection[str]], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._idle = idle
        self._wake = wake
        self._clock = clock
        self._spurned: dict[str, float] = {}
        self._log = structlog.get_logger().bind(server=server.address.url)

    async def run(self) -> None:
        """Wait for ever. Whatever goes wrong, the sweeps are the safety net."""
        while True:
            try:
                await self.once()
            except (RedisError, OSError, TimeoutError):
                # the sweep says so, once; here it is enough not to ask too often
                await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311

    async def once(self) -> None:
        """Wait once, a second at most, and have what got an entry looked at.

        Raises:
            redis.exceptions.RedisError: The server does not answer.
        """
        waiting = self._waited_for()
        if not waiting:
            await asyncio.sleep(_NOTHING_IDLE_SECONDS)
            return
        try:
            reply = await self._read(waiting, block=_BLOCK_MS)
        except ResponseError:
            # one bad key fails the whole call
            await self._find_bad_ones(waiting)
            return
        awake = [_text(stream) for stream, _ in reply or ()]
        if awake:
            await self._wake(awake)
            unmoved = {stream for stream in awake if self._idle().get(stream) == waiting[stream]}
            if unmoved:
                # the look saw nothing of it, which must not become a loop without a pause
                await asyncio.sleep(_NOTHING_IDLE_SECONDS)

    def _waited_for(self) -> dict[str, EntryId]:
        now = self._clock()
        self._spurned = {stream: until for stream, until in self._spurned.items() if until > now}
        return {stream: last for stream, last in self._idle().items() if stream not in self._spurned}

    async def _find_bad_ones(self, waiting: Mapping[str, EntryId]) -> None:
        for stream, last in waiting.items():
            try:
                await self._read({stream: last}, block=None)
            except ResponseError as error:
                self._spurned[stream] = self._clock() + _SPURNED_SECONDS
                self._log.warning("Stream cannot be waited for; sweeps look at it", stream=stream, error=str(error))

    async def _read(self, streams: Mapping[str, EntryId], block: int | None) -> Any:
        asked: dict[Any, Any] = {stream: str(last) for stream, last in streams.items()}
        return await self._server.client.xread(asked, count=1, block=block)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
