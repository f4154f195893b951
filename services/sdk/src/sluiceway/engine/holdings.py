"""Everything this consumer owns at the moment, and how much more it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .delivery import Delivery, Source, Waiting

__all__ = ["Holdings"]


class Holdings:
    """The entries in hand, bounded: whatever the backlog, memory stays within the bound.

    Args:
        sources: The streams that are read.
        in_flight: Most entries with bodies.
        waiting: Most entries without.
    """

    def __init__(self, sources: tuple[Source, ...], in_flight: int, waiting: int) -> None:
        self.sources = sources
        self._in_flight = in_flight
        self._waiting = waiting
        self._freed = asyncio.Event()
        self._on_drop: list[Callable[[Delivery], None]] = []

    @property
    def held(self) -> int:
        """Entries with bodies."""
        return sum(len(source.held) for source in self.sources)

    @property
    def waiting(self) -> int:
        """Entries without."""
        return sum(len(source.waiting) for source in self.sources)

    @property
    def room(self) -> int:
        """How many more entries may be read now; 0 while too many wait."""
        if self.waiting >= self._waiting:
            return 0
        return max(0, self._in_flight - self.held)

    @property
    def room_to_start(self) -> int:
        """How many waiting entries may get their bodies now."""
        return max(0, self._in_flight - self.held)

    def on_drop(self, callback: Callable[[Delivery], None]) -> None:
        """Call back for every delivery that leaves: settled, or lost to another consumer."""
        self._on_drop.append(callback)

    def owns(self, source: Source, entry_id: bytes) -> bool:
        """Return whether an entry is in hand already."""
        return entry_id in source.held or entry_id in source.waiting

    def hold(self, delivery: Delivery) -> None:
        """Take an entry with its body."""
        delivery.source.waiting.pop(delivery.entry_id, None)
        delivery.source.held[delivery.entry_id] = delivery

    def park(self, source: Source, entry_id: bytes, waiting: Waiting) -> None:
        """Keep an entry without its body."""
        source.held.pop(entry_id, None)
        source.waiting[entry_id] = waiting
        self._freed.set()

    def drop(self, delivery: Delivery) -> None:
        """Let go of an entry: it is settled or somebody else's."""
        source = delivery.source
        if source.held.get(delivery.entry_id) is delivery:
            del source.held[delivery.entry_id]
        waiting = source.waiting.get(delivery.entry_id)
        if waiting is not None and waiting.delivery is delivery:
            del source.waiting[delivery.entry_id]
        for callback in self._on_drop:
            callback(delivery)
        self._freed.set()

    def forget(self, source: Source, entry_id: bytes) -> None:
        """Let go of an entry that waited without a body."""
        waiting = source.waiting.pop(entry_id, None)
        if waiting is not None and waiting.delivery is not None:
            self.drop(waiting.delivery)
        self._freed.set()

    async def wait_for_room(self, least: int) -> int:
        """Wait until at least so many entries may be taken, and return how many may."""
        while (room := self.room) < least:
            self._freed.clear()
            await self._freed.wait()
        return room
