"""Appends entries to one stream over one connection; what is asked for meanwhile goes in the next call together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from redis.exceptions import RedisError

from .connection import Argument, Endpoint, writing_link
from .keys import lost_key
from .scripts import load
from .scripts.shapes import append_arguments
from .wire import Fields

__all__ = ["Appender"]

MOST_PER_CALL = 256
"""Keeps one call at about a millisecond on the server, which serves nobody else meanwhile."""
_MOST_BYTES_PER_CALL = 1 << 20
_COMMANDS = ("evalsha", "eval", "xadd")
_COMMANDS_CAPPED = ("xlen", "xrange", "xpending", "xinfo|groups", "xtrim", "hincrby")


class Appender:
    """One connection to one stream.

    Callers that come while a call is under way share the next one, so many concurrent callers cost few round trips
    and a single one waits for nobody. A call appends all of its entries or none.

    Args:
        endpoint: The server.
        stream: Where entries go.
        timeout_seconds: Longest wait for a call, apart from replicas.
        max_length: Cut the stream to this length, unread entries included, and count what is lost; None never cuts.
        drains: Also write to a full server: what comes from a consumer helps to empty it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        stream: str,
        timeout_seconds: float,
        max_length: int | None = None,
        *,
        drains: bool = False,
    ) -> None:
        self._link = writing_link(endpoint, stream)
        self._stream = stream
        self.keys = [stream] if max_length is None else [stream, lost_key(stream)]
        """What its calls touch."""
        self.commands = _COMMANDS if max_length is None else (*_COMMANDS, *_COMMANDS_CAPPED)
        """What its calls are made of, in small letters."""
        self.patience_seconds = timeout_seconds + endpoint.settings.replica_wait_seconds
        """Longest wait for a call."""
        self._max_length = max_length
        self._script = load("publish_capped" if max_length is not None else "forward" if drains else "publish")
        self._one_at_a_time = asyncio.Lock()
        self._queue: deque[tuple[Fields, asyncio.Future[bytes]]] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self.lost = 0
        """Entries lost to the length limit by calls of this appender, over all groups."""

    async def append(self, fields: Fields) -> bytes:
        """Append one entry, together with whatever else is waiting, and return its ID.

        Raises:
            redis.exceptions.RedisError: The server refused it, or cannot be reached.
            TimeoutError: No answer in time; the entry may or may not be in the stream.
        """
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._queue.append((fields, answer))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush(), name=f"sluiceway append {self._stream}")
        return await answer

    async def append_all(self, entries: Sequence[Fields]) -> list[bytes]:
        """Append entries in one call and return their IDs.

        Raises:
            redis.exceptions.RedisError: The server refused them, or cannot be reached.
            TimeoutError: No answer in time; all of them or none are in the stream.
        """
        keys, arguments = self._request(entries)
        async with self._one_at_a_time, asyncio.timeout(self.patience_seconds):
            reply = await self._link.run(self._script, keys, arguments)
        if self._max_length is not None:
            ids, lost = reply
            self.lost += lost
        else:
            ids = reply
        appended: list[bytes] = ids
        return appended

    async def close(self) -> None:
        """Wait for what is under way and close the connection."""
        if self._flusher is not None:
            await asyncio.wait([self._flusher])
        await self._link.close()

    async def _flush(self) -> None:
        while self._queue:
            batch = self._take()
            try:
                ids = await self.append_all([fields for fields, _ in batch])
            except (RedisError, OSError, TimeoutError) as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), entry_id in zip(batch, ids, strict=True):
                    if not answer.done():
                        answer.set_result(entry_id)

    def _take(self) -> list[tuple[Fields, asyncio.Future[bytes]]]:
        batch: list[tuple[Fields, asyncio.Future[bytes]]] = []
        size = 0
        while self._queue and len(batch) < MOST_PER_CALL and size < _MOST_BYTES_PER_CALL:
            fields, answer = self._queue.popleft()
            # Its caller may have given up; then it must not be sent.
            if not answer.done():
                batch.append((fields, answer))
                size += sum(map(len, fields[1]))
        return batch

    def _request(self, entries: Sequence[Fields]) -> tuple[list[str], list[Argument]]:
        arguments: list[Argument] = [*append_arguments(entries)]
        return self.keys, arguments if self._max_length is None else [self._max_length, *arguments]
