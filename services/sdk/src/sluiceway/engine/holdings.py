"""Everything this consumer owns at the moment, and how much more it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..options import ConsumerOptions
from .delivery import Delivery, Source, Waiting

__all__ = ["Holdings"]

_FORGETTING = 0.99
"""How slowly the size of the largest entry seen lately is forgotten, an entry at a time."""


class Holdings:
    """The entries in hand, bounded: whatever the backlog, memory stays within the bound.

    Args:
        sources: The streams that are read.
        options: The bounds.
    """

    def __init__(self, sources: tuple[Source, ...], options: ConsumerOptions) -> None:
        self.sources = sources
        self._in_flight = options.in_flight
        self._most_bytes = options.in_flight_bytes
        self._waiting = options.waiting
        self._bytes = 0
        self._typical = 0.0
        self._freed = asyncio.Event()
        self._on_drop: list[Callable[[Sequence[Delivery]], None]] = []
        self._on_park: list[Callable[[Source, bytes, Waiting], None]] = []

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
        return 0 if self.waiting >= self._waiting else self.room_to_start

    @property
    def room_to_start(self) -> int:
        """How many waiting entries may get their bodies now.

        The size of an entry is known only once it is here, so the bytes that are left are divided by the size of the
        largest seen lately. An entry larger than the whole bound is taken when nothing else is held.
        """
        held = self.held
        room = max(0, self._in_flight - held)
        if self._typical * room <= self._most_bytes - self._bytes:
            return room
        fitting = int(max(0, self._most_bytes - self._bytes) / self._typical)
        return min(room, max(fitting, 0 if held else 1))

    def on_drop(self, callback: Callable[[Sequence[Delivery]], None]) -> None:
        """Call back for deliveries that leave: settled, or lost to another consumer."""
        self._on_drop.append(callback)

    def on_park(self, callback: Callable[[Source, bytes, Waiting], None]) -> None:
        """Call back for every entry that begins to wait: for its next attempt, or for its start after a takeover."""
        self._on_park.append(callback)

    def owns(self, source: Source, entry_id: bytes) -> bool:
        """Return whether an entry is in hand already."""
        return entry_id in source.held or entry_id in source.waiting

    def hold(self, *deliveries: Delivery) -> None:
        """Take entries with their bodies."""
        typical, taken = self._typical, 0
        for delivery in deliveries:
            source, size = delivery.source, delivery.size
            if source.waiting:
                source.waiting.pop(delivery.entry_id, None)
            source.held[delivery.entry_id] = delivery
            taken += size
            typical = size if size > typical else typical * _FORGETTING + size * (1 - _FORGETTING)
        self._bytes += taken
        self._typical = typical

    def park(self, source: Source, entry_id: bytes, waiting: Waiting) -> None:
        """Keep an entry without its body."""
        delivery = source.held.pop(entry_id, None)
        if delivery is not None:
            self._bytes -= delivery.size
        source.waiting[entry_id] = waiting
        for callback in self._on_park:
            callback(source, entry_id, waiting)
        self._freed.set()

    def drop(self, *deliveries: Delivery) -> None:
        """Let go of entries: they are settled or somebody else's."""
        for delivery in deliveries:
            source, entry_id = delivery.source, delivery.entry_id
            if source.held.get(entry_id) is delivery:
                del source.held[entry_id]
                self._bytes -= delivery.size
            if source.waiting:
                waiting = source.waiting.get(entry_id)
                if waiting is not None and waiting.delivery is delivery:
                    del source.waiting[entry_id]
        for callback in self._on_drop:
            callback(deliveries)
        self._freed.set()

    def forget(self, source: Source, entry_id: bytes) -> None:
        """Let go of an entry that waited without a body."""
        waiting = source.waiting.pop(entry_id, None)
        if waiting is not None and waiting.delivery is not None:
            self.drop(waiting.delivery)
        self._freed.set()

    async def wait_for_room(self, least: int) -> int:
        """Wait until at least so many entries may be taken, and return how many may."""
        while (room := self.room) < (least if self.held else 1):
            self._freed.clear()
            await self._freed.wait()
        return room
