"""Reads new entries, as many as there is room for, while the ones before are still being handled."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from ..connection import Link
from ..scripts import load
from .committer import Committer
from .decoder import Decoder
from .delivery import DONE, READY, Delivery, Source
from .dispatcher import Dispatcher
from .shared import Shared

__all__ = ["Reader"]


class Reader:
    """Moves entries from the streams to the dispatcher.

    Args:
        blocking: A connection for the blocking read alone.
        block_milliseconds: Longest time that it blocks.
        link: A connection for looking up markers.
        shared: What the consumer's rooms have in common.
        decoder: Makes deliveries.
        dispatcher: Gets what has a handler.
        committer: Gets what needs none.
    """

    def __init__(
        self,
        blocking: Link,
        block_milliseconds: int,
        link: Link,
        shared: Shared,
        *,
        decoder: Decoder,
        dispatcher: Dispatcher,
        committer: Committer,
    ) -> None:
        options = shared.options
        self._blocking = blocking
        self._block_milliseconds = block_milliseconds
        self._link = link
        self._consumer = shared.consumer
        self._window = int(options.deduplicate.seconds * 1000)
        self._read_count = options.read_count
        self._least_room = max(1, min(options.read_count, options.in_flight) // 4)
        self._holdings = holdings = shared.holdings
        self._decoder = decoder
        self._dispatcher = dispatcher
        self._committer = committer
        self._health = shared.health
        self._stats = shared.stats
        self._known = load("known")
        self._by_name: dict[bytes, Source] = {source.stream.encode(): source for source in holdings.sources}
        self._streams = (*self._by_name, *(b">" for _ in self._by_name))
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Read nothing more after the read that is under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Read until stopped."""
        while not self._stopping.is_set():
            room = await self._room()
            if room == 0:
                return
            reply = await self._health.persist("read", partial(self._read, min(room, self._read_count)))
            if reply:
                await self.take(reply)

    async def take(self, reply: list[Any]) -> None:
        """Take the entries of a read into hand."""
        deliveries: list[Delivery] = []
        decode = self._decoder.decode
        for stream, entries in reply:
            source = self._by_name[stream]
            held, waiting = source.held, source.waiting
            for entry_id, raw in entries:
                if (entry_id in held or entry_id in waiting) and self._in_hand(source, entry_id, raw):
                    continue
                deliveries.append(decode(source, entry_id, raw))
        self._holdings.hold(*deliveries)
        self._stats.received += len(deliveries)
        if self._window and deliveries:
            await self._skip_known(deliveries)
        for delivery in deliveries:
            if delivery.stage is DONE:
                self._committer.put(delivery)
        self._dispatcher.dispatch([delivery for delivery in deliveries if delivery.stage is READY])

    def _in_hand(self, source: Source, entry_id: bytes, raw: list[bytes]) -> bool:
        """Return whether an entry is ours already: it was read before its group was lost and made anew."""
        held = source.held.get(entry_id)
        if held is None:
            return entry_id in source.waiting
        if held.raw == raw:
            held.read_again = True
            return True
        # The stream was deleted, and another entry was given the same ID.
        self._holdings.drop(held)
        return False

    async def _room(self) -> int:
        """Return how many entries may be read, or 0 once we are stopping."""
        if (room := self._holdings.room) >= (self._least_room if self._holdings.held else 1):
            return room
        waiting = asyncio.ensure_future(self._holdings.wait_for_room(self._least_room))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
            return 0 if self._stopping.is_set() else waiting.result()
        finally:
            waiting.cancel()
            stopping.cancel()

    async def _read(self, count: int) -> list[Any] | None:
        if self._stopping.is_set():
            return None
        reply: list[Any] | None = await self._blocking.call(
            b"XREADGROUP",
            b"GROUP",
            self._holdings.sources[0].group,
            self._consumer,
            b"COUNT",
            count,
            b"BLOCK",
            self._block_milliseconds,
            b"STREAMS",
            *self._streams,
        )
        return reply

    async def _skip_known(self, deliveries: list[Delivery]) -> None:
        """Mark those whose event ID was settled before, so that their handlers are not run."""
        keys = deliveries[0].source.keys.markers
        arguments: list[bytes | int] = [self._window, *(delivery.marker for delivery in deliveries)]
        known: list[int] = await self._health.persist(
            "marker lookup", lambda: self._link.run(self._known, keys, arguments)
        )
        for position in known:
            delivery = deliveries[position]
            delivery.outputs = []
            delivery.counts_as = "duplicate"
            delivery.stage = DONE
