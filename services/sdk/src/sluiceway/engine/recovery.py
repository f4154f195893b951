"""Takes over what dead, stuck or stopped consumers left behind."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from functools import partial

from ..connection import Link
from ..handlers import Handler
from ..keys import RELEASED
from ..scripts import load
from .delivery import Source
from .retries import Retries
from .shared import Shared

__all__ = ["Recovery", "starts_alone"]

_MOST_PER_CALL = 100
_CALLS_PER_POLL = 10


def starts_alone(count: int, failures: int, attempts: int) -> bool:
    """Return whether an entry that was taken over must be started apart from others that were.

    A delivery that is neither a recorded failure nor the first one ended with its process. If it did so twice, or if
    one more would use up its attempts, running it beside others would blame them together.

    Args:
        count: The server's delivery count.
        failures: Attempts that ended with a recorded failure.
        attempts: Starts allowed when a process dies.
    """
    return count - failures >= min(2, attempts)


class Recovery:
    """Polls for entries to take over, with a cursor that goes on where it was, so nothing starves.

    Args:
        link: Its connection.
        shared: What the consumer's rooms have in common.
        handlers: Whose attempts decide what is started alone.
        retries: Keeps what is taken until it may start.
    """

    def __init__(self, link: Link, shared: Shared, handlers: Sequence[Handler], retries: Retries) -> None:
        self._link = link
        self._consumer = shared.consumer
        self._attempts = min(handler.retry[BaseException].attempts for handler in handlers)
        self._lease = shared.options.lease
        self._holdings = shared.holdings
        self._retries = retries
        self._health = shared.health
        self._stats = shared.stats
        self._log = shared.log
        self._script = load("takeover")

    async def run(self) -> None:
        """Look and take, for ever."""
        while True:
            for source in self._holdings.sources:
                await self._health.persist("recovery", partial(self._poll, source))
            await asyncio.sleep(self._lease.poll_seconds * random.uniform(0.5, 1.0))  # noqa: S311

    async def _poll(self, source: Source) -> None:
        for _ in range(_CALLS_PER_POLL):
            room = min(self._holdings.room, _MOST_PER_CALL)
            if room == 0:
                # Nothing can be taken, but whether server and group are still there has to be known.
                await self._link.call("XPENDING", source.stream, source.group)
                return
            cursor, taken, trimmed = await self._link.run(
                self._script,
                (source.stream, source.retry),
                (source.group, self._consumer, int(self._lease.seconds * 1000), source.cursor, room, RELEASED),
            )
            source.cursor = cursor
            self._keep(source, taken)
            if trimmed:
                self._stats.lost_to_trimming += trimmed
                self._log.error("Pending entries were trimmed away", entries=trimmed)
            if cursor == b"0-0" and len(taken) < room:
                return

    def _keep(self, source: Source, taken: list[tuple[bytes, int, int, int]]) -> None:
        news = [entry for entry in taken if not self._holdings.owns(source, entry[0])]
        for entry_id, count, due_milliseconds, failures in news:
            alone = starts_alone(count, failures, self._attempts)
            self._retries.keep(source, entry_id, due_milliseconds / 1000, alone=alone)
        if news:
            self._stats.taken_over += len(news)
            self._stats.received += len(news)
            self._log.info("Entries were taken over", entries=len(news), first=news[0][0].decode())
