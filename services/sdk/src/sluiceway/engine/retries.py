"""Failed attempts and waiting entries: recorded on the server, started again when they are due."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Sequence
from itertools import count as counting
from typing import Any

from ..connection import Link
from ..error_text import describe
from ..errors import Reject, RetryLater
from ..handlers import Handler
from ..scripts import load
from .committer import Committer
from .deadletter import dead_letter
from .decoder import Decoder
from .delivery import DONE, READY, Delivery, Source, Waiting
from .dispatcher import Dispatcher
from .failures import Bury, TryAgain, after_failure, died_too_often
from .shared import Shared

__all__ = ["Retries"]

_MOST_AT_ONCE = 64
"""Entries started or recorded in one call: their bodies come in one reply."""

_Due = tuple[float, int, Source, bytes]
"""When an entry may start, its place among equals, and which entry it is."""


class Retries:
    """Keeps entries that are ours but not running, and starts them when they may.

    An entry that waits has no body here; a start fetches it and counts one delivery on the server. Entries that may
    have ended a process are started one at a time, so that their neighbours are not blamed with them.

    Everything held may be queued behind the heads of lanes that wait here. So where there is no room, one head may
    start all the same: memory exceeds its bound by that one entry, and the lanes never stand still for good.

    Args:
        link: Its connection.
        shared: What the consumer's rooms have in common.
        decoder: Reads fetched bodies.
        dispatcher: Gets started entries.
        committer: Gets dead letters.
    """

    def __init__(
        self, link: Link, shared: Shared, *, decoder: Decoder, dispatcher: Dispatcher, committer: Committer
    ) -> None:
        self._link = link
        self._consumer = shared.consumer
        self._holdings = shared.holdings
        self._decoder = decoder
        self._dispatcher = dispatcher
        self._committer = committer
        self._health = shared.health
        self._stats = shared.stats
        self._log = shared.log
        self._clock = shared.clock
        self._fail = load("fail")
        self._start = load("start")
        self._failed: deque[tuple[Delivery, float, str]] = deque()
        self._heap: list[_Due] = []
        self._heads: list[_Due] = []
        self._beyond: Delivery | None = None
        """The head of a lane that runs although there was no room for it."""
        self._number = counting()
        self._suspects: deque[tuple[Source, bytes]] = deque()
        self._suspect: Delivery | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._busy = False
        self._idle = asyncio.Event()
        self._holdings.on_drop(self._left)

    def failed(self, delivery: Delivery, error: BaseException) -> TryAgain | Bury:
        """Decide what follows a failed attempt, see to it, and return it."""
        handler = delivery.handler
        assert handler is not None  # noqa: S101  # only deliveries with a handler are run
        self._stats.failed += 1
        outcome = after_failure(handler, delivery.count, error)
        text = describe(error)
        told = f"{type(error).__name__}: {text}"
        # what a handler decided needs no traceback, what happened to it does
        traceback = None if isinstance(error, Reject | RetryLater) else error
        if isinstance(outcome, Bury):
            self._log.error(
                "Handler failed; the event becomes a dead letter",
                **_about(delivery, handler),
                reason=outcome.reason,
                error=told,
                exc_info=traceback,
            )
            dead_letter(
                delivery,
                consumer=self._consumer,
                reason=outcome.reason,
                error_type=type(error).__name__,
                error=text,
            )
            self._committer.put(delivery)
        else:
            self._stats.retried += 1
            self._log.warning(
                "Handler failed; the event will be tried again",
                **_about(delivery, handler),
                wait_seconds=round(outcome.wait_seconds, 3),
                error=told,
                exc_info=traceback,
            )
            self._failed.append((delivery, outcome.wait_seconds, told[:500]))
            self._wake.set()
        self._left((delivery,))
        return outcome

    def keep(self, source: Source, entry_id: bytes, wait_seconds: float, *, alone: bool) -> None:
        """Keep an entry that was taken over until it may start."""
        self._park(source, entry_id, Waiting(self._clock() + wait_seconds, alone=alone))

    def look(self) -> None:
        """Look at the clock: time has passed otherwise than by waiting."""
        self._wake.set()

    def stop_starting(self) -> None:
        """Start nothing more; failures are still recorded."""
        self._stopping = True

    async def wait_until_idle(self) -> None:
        """Wait until every failure is recorded on the server and no start is under way."""
        while self._failed or self._busy:
            self._idle.clear()
            await self._idle.wait()

    async def run(self) -> None:
        """Record failures and start what is due, for ever."""
        while True:
            self._busy = True
            if self._failed:
                await self._record()
            elif not await self._start_due():
                self._busy = False
                self._idle.set()
                await self._sleep()

    async def _sleep(self) -> None:
        self._wake.clear()
        first = min((heap[0][0] for heap in (self._heap, self._heads) if heap), default=None)
        wait = max(0.0, first - self._clock()) if first is not None else None
        if (wait is not None and wait == 0.0) or self._startable_suspect():
            # Something is due but there is no room for it.
            wait = 0.02
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _park(self, source: Source, entry_id: bytes, waiting: Waiting) -> None:
        self._holdings.park(source, entry_id, waiting)
        heads_a_lane = waiting.delivery is not None and waiting.delivery.lane is not None
        heap = self._heads if heads_a_lane else self._heap
        heapq.heappush(heap, (waiting.due, next(self._number), source, entry_id))
        self._wake.set()

    async def _record(self) -> None:
        source = self._failed[0][0].source
        batch: list[tuple[Delivery, float, str]] = []
        while self._failed and len(batch) < _MOST_AT_ONCE and self._failed[0][0].source is source:
            batch.append(self._failed.popleft())
        arguments: list[bytes | str | int] = [source.group, self._consumer]
        for delivery, wait, told in batch:
            arguments += (delivery.entry_id, int(wait * 1000), told)
        began = self._clock()
        lost: list[bytes] = await self._health.persist(
            "record of a failure",
            lambda: self._link.run(self._fail, (source.stream, source.retry), arguments),
        )
        for delivery, wait, _ in batch:
            if delivery.entry_id in lost:
                self._lose(delivery)
            else:
                delivery.recorded = True
                delivery.event = None
                delivery.raw = []
                self._park(source, delivery.entry_id, Waiting(began + wait, delivery))

    async def _start_due(self) -> bool:
        """Start what is due and has room; return whether anything was done."""
        if self._stopping:
            return False
        room = min(self._holdings.room_to_start, _MOST_AT_ONCE)
        if room == 0 and self._beyond is None and (head := self._due(self._heads, 1)):
            for delivery in await self._start_all(*head):
                self._beyond = delivery if delivery.stage is not DONE else None
            return True
        heap = min(filter(None, (self._heap, self._heads)), key=lambda heap: heap[0], default=self._heap)
        due = self._due(heap, room)
        if due:
            await self._start_all(*due)
        if self._startable_suspect() and self._holdings.room_to_start > 0:
            source, entry_id = self._suspects.popleft()
            if entry_id in source.waiting:
                # Nothing is awaited between the dispatch and this line, so its handler cannot have finished yet.
                for delivery in await self._start_all(source, [entry_id]):
                    self._suspect = delivery if delivery.stage is not DONE else None
            return True
        return due is not None

    def _due(self, heap: list[_Due], most: int) -> tuple[Source, list[bytes]] | None:
        """Take from a heap what is due, of one stream; entries that must run alone queue for that instead."""
        now = self._clock()
        due: list[bytes] = []
        owner: Source | None = None
        while heap and heap[0][0] <= now and len(due) < most:
            when, _, source, entry_id = heap[0]
            waiting = source.waiting.get(entry_id)
            if waiting is None or waiting.due != when:
                heapq.heappop(heap)
            elif waiting.alone:
                heapq.heappop(heap)
                self._suspects.append((source, entry_id))
            elif owner is None or owner is source:
                heapq.heappop(heap)
                owner = source
                due.append(entry_id)
            else:
                break
        return (owner, due) if owner is not None else None

    def _startable_suspect(self) -> bool:
        return bool(self._suspects) and self._suspect is None and not self._stopping

    async def _start_all(self, source: Source, entry_ids: list[bytes]) -> list[Delivery]:
        reply: list[Any] = await self._health.persist(
            "start",
            lambda: self._link.run(
                self._start, (source.stream, source.retry), (source.group, self._consumer, *entry_ids)
            ),
        )
        started: list[Delivery] = []
        for entry_id, *rest in reply:
            waiting = source.waiting.get(entry_id)
            if waiting is None:
                continue
            if rest[0] == b"lost":
                self._holdings.forget(source, entry_id)
            elif rest[0] == b"trimmed":
                self._stats.lost_to_trimming += 1
                self._log.error("Pending entry was trimmed away", entry_id=entry_id.decode())
                if waiting.delivery is not None:
                    waiting.delivery.counts_as = "lost_to_trimming"
                self._holdings.forget(source, entry_id)
            else:
                started.append(self._revive(source, entry_id, waiting, *rest))
        self._dispatcher.dispatch(delivery for delivery in started if delivery.stage is READY)
        return started

    def _revive(
        self, source: Source, entry_id: bytes, waiting: Waiting, count: int, raw: list[bytes], record: list[Any]
    ) -> Delivery:
        delivery = waiting.delivery
        if delivery is None:
            delivery = Delivery(source, entry_id, raw, count)
        else:
            delivery.restart(raw, count)
        self._decoder.read(delivery)
        if record:
            delivery.recorded = True
            delivery.first_failure = record[1]
        self._holdings.hold(delivery)
        handler = delivery.handler
        failures = record[3] if record else 0
        if handler is not None and waiting.delivery is None and died_too_often(handler, count - 1, failures):
            dead_letter(
                delivery,
                consumer=self._consumer,
                reason="process_died",
                error_type="ProcessDied",
                error=f"{count - 1 - failures} deliveries ended without an outcome",
                starts=count - 1,
            )
        if delivery.stage is DONE:
            self._committer.put(delivery)
        return delivery

    def _lose(self, delivery: Delivery) -> None:
        self._stats.leases_lost += 1
        self._holdings.drop(delivery)

    def _left(self, deliveries: Sequence[Delivery]) -> None:
        if self._suspect is not None and self._suspect in deliveries:
            self._suspect = None
            self._wake.set()
        if self._beyond is not None and self._beyond in deliveries:
            self._beyond = None
            self._wake.set()


def _about(delivery: Delivery, handler: Handler) -> dict[str, str | int]:
    return {
        "handler": handler.name,
        "entry_id": delivery.entry_id.decode(),
        "event_id": delivery.event_id,
        "correlation_id": delivery.correlation_id,
        "starts": delivery.count,
    }
