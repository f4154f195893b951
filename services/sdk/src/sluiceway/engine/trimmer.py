"""Keeps a stream short without losing anything, where no operator does it."""

from __future__ import annotations

import asyncio
import random

from structlog.typing import FilteringBoundLogger

from ..connection import Link
from ..options import Trim
from ..scripts import load
from .delivery import Source
from .health import Health
from .stats import Stats

__all__ = ["Trimmer"]

_MOST_PER_CALL = 1000
"""Entries looked at in one call: about a millisecond on the server."""


class Trimmer:
    """Removes from time to time what every group has acknowledged.

    Args:
        link: Its connection.
        source: The stream; its group must exist, or nothing is removed.
        trim: How much to keep.
        health: Told of faults.
        stats: Counts what was removed.
        log: Logger bound to stream, group and consumer.
    """

    def __init__(
        self, link: Link, source: Source, trim: Trim, health: Health, stats: Stats, log: FilteringBoundLogger
    ) -> None:
        self._link = link
        self._source = source
        self._trim = trim
        self._health = health
        self._stats = stats
        self._log = log
        self._script = load("trim")
        self._pinned = ""

    async def run(self) -> None:
        """Look and trim, for ever."""
        while True:
            while await self._health.persist("trim", self._step):
                await asyncio.sleep(0)
            await asyncio.sleep(self._trim.every_seconds * random.uniform(0.5, 1.0))  # noqa: S311

    async def _step(self) -> bool:
        removed, _, more, pinned = await self._link.run(
            self._script, (self._source.stream,), (self._trim.keep, _MOST_PER_CALL, self._source.group)
        )
        self._stats.trimmed += removed
        why = pinned.decode()
        if why != self._pinned:
            self._pinned = why
            if why:
                self._log.warning("Trimming waits", why=why)
        return bool(more)
