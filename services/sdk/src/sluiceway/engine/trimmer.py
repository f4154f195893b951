"""Keeps a stream short without losing anything, where no operator does it."""

from __future__ import annotations

import asyncio
import random

from ..connection import Link
from ..options import Trim
from ..scripts import load
from .shared import Shared

__all__ = ["Trimmer"]

_MOST_PER_CALL = 1000
"""Entries looked at in one call: about a millisecond on the server."""


class Trimmer:
    """Removes from time to time what every group has acknowledged.

    Args:
        link: Its connection.
        shared: What the consumer's rooms have in common; its group must exist, or nothing is removed.
        trim: How much to keep.
    """

    def __init__(self, link: Link, shared: Shared, trim: Trim) -> None:
        self._link = link
        self._source = shared.holdings.sources[0]
        self._trim = trim
        self._health = shared.health
        self._stats = shared.stats
        self._log = shared.log
        self._script = load("trim")
        self._pinned = ""

    async def run(self) -> None:
        """Look and trim, for ever."""
        while True:
            more = True
            while more:
                more = await self._health.persist("trim", self._step)
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
