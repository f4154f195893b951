"""Waits for idle streams: one blocking read over all of them returns the moment any of them gets an entry.

What is asked for is what comes after the last ID that a look saw, never `$`: an entry that was added between the look and
the call would be missed.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

import structlog
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, ResponseError, TryAgainError

from ..entry_id import EntryId
from .ending import end
from .server import Server

__all__ = ["Waker"]

_MOST_PARTS = 32
"""Parts of a cluster that are waited for at once, each on a connection of its own; the others are left to the sweeps."""
_BLOCK_MS = 1000
"""Below the client's time-out; a stream that becomes idle waits this long, at most, until it is waited for."""
_ELSEWHERE = (MovedError, AskError, TryAgainError, ClusterDownError)
"""Says nothing against a stream, only that this node does not hold it now."""
_NOTHING_IDLE_SECONDS = 0.2
_COVERED_SECONDS = 2.5
"""A stream that was in a read so long ago is not any more, or the server hangs."""
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
        self._covered: dict[str, float] = {}
        self._log = structlog.get_logger().bind(server=server.address.url)

    async def run(self) -> None:
        """Wait for ever. Whatever goes wrong, the sweeps are the safety net."""
        waits: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                waits = {part: task for part, task in waits.items() if not task.done()}
                for part in self._parts() - waits.keys():
                    if len(waits) < _MOST_PARTS:
                        waits[part] = asyncio.create_task(self._wait_for(part))
                if waits:
                    await asyncio.wait(waits.values(), timeout=_BLOCK_MS / 1000, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(_NOTHING_IDLE_SECONDS)
        finally:
            await end(waits.values())

    async def once(self) -> None:
        """Wait once, a second at most, and have what got an entry looked at.

        Raises:
            redis.exceptions.RedisError: The server does not answer.
        """
        await asyncio.gather(*map(self._wait_once, sorted(self._parts())[:_MOST_PARTS]))

    def waits_for(self, stream: str) -> bool:
        """Return whether an entry in this stream would be noticed at once."""
        return self._clock() - self._covered.get(stream, float("-inf")) < _COVERED_SECONDS

    async def _wait_for(self, part: int) -> None:
        try:
            await self._wait_once(part)
        except (RedisError, OSError, TimeoutError):
            # the sweep says so, once; here it is enough not to ask too often
            await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311

    async def _wait_once(self, part: int) -> None:
        waiting = {stream: last for stream, last in self._waited_for().items() if self._server.part_of(stream) == part}
        if not waiting:
            return
        now = self._clock()
        self._covered = {stream: at for stream, at in self._covered.items() if now - at < _COVERED_SECONDS}
        self._covered |= dict.fromkeys(waiting, now)
        try:
            awake = await self._server.client.read_after(waiting, _BLOCK_MS)
        except _ELSEWHERE:
            raise
        except ResponseError:
            # one bad key fails the whole call
            await self._find_bad_ones(waiting)
            return
        if awake:
            await self._wake(awake)
            unmoved = {stream for stream in awake if self._idle().get(stream) == waiting[stream]}
            if unmoved:
                # the look saw nothing of it, which must not become a loop without a pause
                await asyncio.sleep(_NOTHING_IDLE_SECONDS)

    def _parts(self) -> set[int]:
        return {self._server.part_of(stream) for stream in self._waited_for()}

    def _waited_for(self) -> dict[str, EntryId]:
        now = self._clock()
        self._spurned = {stream: until for stream, until in self._spurned.items() if until > now}
        return {stream: last for stream, last in self._idle().items() if stream not in self._spurned}

    async def _find_bad_ones(self, waiting: Mapping[str, EntryId]) -> None:
        for stream, last in waiting.items():
            try:
                await self._server.client.read_after({stream: last}, None)
            except _ELSEWHERE:
                raise
            except ResponseError as error:
                self._spurned[stream] = self._clock() + _SPURNED_SECONDS
                self._log.warning("Stream cannot be waited for; sweeps look at it", stream=stream, error=str(error))
