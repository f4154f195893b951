"""Settles finished deliveries in small batches: acknowledgement, marker and outputs in one atomic call."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from functools import partial

from redis.exceptions import NoPermissionError

from ..connection import Link
from ..ids import entry_milliseconds
from ..rights import advice, is_denied
from ..scripts import load
from .commit_request import commit_request
from .deadletter import provenance_of
from .delivery import Delivery
from .forwarder import Forwarder
from .shared import Shared

__all__ = ["Committer"]

_MOST_BYTES = 4 * 1024 * 1024
"""Bodies settled in one commit, after which it is full: dead letters carry theirs along."""
_REFUSED_WAIT_SECONDS = 1.0
"""How long a settlement that the server refused waits for the next try."""
_REFUSED_LONGEST_WAIT_SECONDS = 30.0


class Committer:
    """Takes deliveries whose outcome is known and makes it so on the server.

    Finished deliveries collect while a commit is under way, so batches grow with the load and a single event waits
    for nobody. A commit whose reply was lost is sent again: the fence makes that safe.

    Args:
        link: Its connection.
        shared: What the consumer's rooms have in common.
        buried: Whom to tell of a dead letter; nobody if None.
        forwarder: Publishes first what the commit cannot reach; None where it reaches everything.
    """

    def __init__(
        self,
        link: Link,
        shared: Shared,
        buried: Callable[[Delivery], None] | None = None,
        forwarder: Forwarder | None = None,
    ) -> None:
        self._link = link
        self._forwarder = forwarder
        self._consumer = shared.consumer
        self._window = int(shared.options.deduplicate.seconds * 1000)
        self._most = shared.options.commit_count
        self._holdings = shared.holdings
        self._health = shared.health
        self._stats = shared.stats
        self._log = shared.log
        self._buried = buried
        self._script = load("commit")
        self._queue: deque[Delivery] = deque()
        self._asleep = False
        """Nothing is queued and nothing is under way."""
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._refusals: dict[tuple[str, bytes], int] = {}

    def put(self, delivery: Delivery) -> None:
        """Queue a delivery whose outcome is known."""
        self._queue.append(delivery)
        if self._asleep:
            self._asleep = False
            self._idle.clear()
            self._wake.set()

    async def wait_until_idle(self) -> None:
        """Wait until everything queued is settled."""
        await self._idle.wait()

    async def run(self) -> None:
        """Settle what is queued, for ever."""
        while True:
            if not self._queue:
                self._asleep = True
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
                # Handlers that finish in this same turn of the event loop may join.
                await asyncio.sleep(0)
            batch = self._take()
            if self._forwarder is not None and batch:
                batch = await self._forward(self._forwarder, batch)
            if batch:
                await self._settle(batch)

    def _take(self) -> list[Delivery]:
        batch: list[Delivery] = []
        queue, size = self._queue, 0
        source = queue[0].source
        while queue and len(batch) < self._most and size < _MOST_BYTES and queue[0].source is source:
            delivery = queue.popleft()
            if source.held.get(delivery.entry_id) is delivery:
                batch.append(delivery)
                size += delivery.size
        return batch

    async def _forward(self, forwarder: Forwarder, batch: list[Delivery]) -> list[Delivery]:
        """Publish what the commit cannot reach, and return the deliveries that may be committed now."""
        refused = await forwarder.forward(batch)
        if refused:
            await self._hold_back(list(refused), refused)
        return [delivery for delivery in batch if delivery not in refused]

    async def _settle(self, batch: list[Delivery]) -> None:
        source = batch[0].source
        keys, arguments = commit_request(source, self._consumer, self._window, batch)
        tries = 0

        async def commit() -> list[tuple[int, bytes, bytes]] | NoPermissionError:
            nonlocal tries
            tries += 1
            try:
                reply: list[tuple[int, bytes, bytes]] = await self._link.run(self._script, keys, arguments)
            except NoPermissionError as error:
                if not any(delivery.outputs for delivery in batch):
                    raise
                return error
            return reply

        began = time.monotonic()
        reply = await self._health.persist("commit", commit)
        self._stats.commit_seconds.observe(time.monotonic() - began)
        if isinstance(reply, NoPermissionError):
            await self._narrow(batch, reply)
            return
        exceptions = {index: (status.decode(), text.decode("utf-8", "replace")) for index, status, text in reply}
        self._conclude(batch, exceptions, repeated=tries > 1)

    async def _narrow(self, batch: list[Delivery], refusal: NoPermissionError) -> None:
        """Find whose output stream it is that we may not touch: the server refuses a whole commit for one of its keys."""
        if len(batch) == 1:
            await self._hold_back(batch, {batch[0]: str(refusal)})
            return
        middle = len(batch) // 2
        await self._settle(batch[:middle])
        await self._settle(batch[middle:])

    async def _hold_back(self, batch: list[Delivery], refused: Mapping[Delivery, str]) -> None:
        keys, arguments = commit_request(batch[0].source, self._consumer, self._window, batch, forbidden=True)
        await self._health.persist("commit", partial(self._link.run, self._script, keys, arguments))
        for delivery, why in refused.items():
            self._refused(delivery, why)

    def _conclude(self, batch: list[Delivery], exceptions: dict[int, tuple[str, str]], *, repeated: bool) -> None:
        settled = left = batch
        if exceptions:
            settled = [delivery for index, delivery in enumerate(batch) if index not in exceptions]
            left = settled.copy()
            for index, (status, text) in exceptions.items():
                delivery = batch[index]
                if self._stays(delivery, status, text):
                    continue
                left.append(delivery)
                if status == "gone":
                    delivery.counts_as = "gone"
                    self._stats.gone += 1
                elif status == "lost":
                    delivery.counts_as = "lost_to_trimming"
                    self._stats.lost_to_trimming += 1
                    entry_id = delivery.entry_id.decode()
                    self._log.error("Entry was trimmed away while it was processed", entry_id=entry_id)
                elif status == "duplicate" and not repeated:
                    delivery.counts_as = "duplicate"
                    self._stats.settled["duplicate"] += 1
                else:
                    settled.append(delivery)
        self._count(settled)
        if left:
            self._health.commit_taken()
        if self._refusals:
            for delivery in left:
                self._refusals.pop((delivery.source.stream, delivery.entry_id), None)
        self._holdings.drop(*left)

    def _stays(self, delivery: Delivery, status: str, text: str) -> bool:
        """Return whether an entry is still ours after its commit, and see to it that there will be another."""
        if status == "error":
            self._refused(delivery, text)
            return True
        if status == "gone" and delivery.read_again:
            # By now it is pending again, for us: it was read after this commit and before its answer came.
            delivery.read_again = False
            self.put(delivery)
            return True
        return False

    def _count(self, settled: list[Delivery]) -> None:
        counts = Counter([delivery.counts_as for delivery in settled])
        self._stats.settled.update(counts)
        now, ages = time.time(), self._stats.end_to_end_seconds
        # Entries that were appended in one call mostly bear the same millisecond.
        for milliseconds, times in Counter([entry_milliseconds(delivery.entry_id) for delivery in settled]).items():
            ages.observe(max(0.0, now - milliseconds / 1000), times)
        if "dead_lettered" in counts:
            for delivery in settled:
                if delivery.counts_as == "dead_lettered":
                    self._tell_dead_letter(delivery)

    def _refused(self, delivery: Delivery, text: str) -> None:
        """Keep a settlement that the server refused (an output key of the wrong type, a missing right) for later.

        Neither the event nor its handler is at fault, so it is not run again and never becomes a dead letter.
        """
        if is_denied(text):
            text = f"{text}; {advice(text, sorted({stream for stream, _ in delivery.outputs}), ['xadd'])}"
        place = (delivery.source.stream, delivery.entry_id)
        refusals = self._refusals[place] = self._refusals.get(place, 0) + 1
        self._stats.commit_errors += 1
        self._health.commit_refused(text)
        self._log.error(
            "Commit was refused; it will be tried again",
            entry_id=delivery.entry_id.decode(),
            event_id=delivery.event_id,
            correlation_id=delivery.correlation_id,
            error=text,
        )
        wait = min(_REFUSED_WAIT_SECONDS * 2 ** min(refusals - 1, 10), _REFUSED_LONGEST_WAIT_SECONDS)
        asyncio.get_running_loop().call_later(wait, self.put, delivery)

    def _tell_dead_letter(self, delivery: Delivery) -> None:
        self._log.warning(
            "Entry became a dead letter",
            entry_id=delivery.entry_id.decode(),
            event_id=delivery.event_id,
            correlation_id=delivery.correlation_id,
            provenance=provenance_of(delivery),
        )
        if self._buried is not None:
            self._buried(delivery)
