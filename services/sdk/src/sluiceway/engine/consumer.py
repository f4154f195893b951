"""One consumer of one group on one stream: its rooms, how they are joined, and how it starts and stops.

An entry walks through them in one direction: reader -> decoder -> dispatcher -> pool -> committer. Side rooms look
after what does not go straight: retries, recovery, the lease keeper, group repair, trimming.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from redis.exceptions import RedisError

from ..connection import Endpoint, Link, writing_link
from ..handlers import Handler
from ..keys import GroupKeys
from ..logs import sdk_log
from ..options import ConsumerOptions
from .committer import Committer
from .decoder import Decoder
from .delivery import DONE, Delivery, Source
from .dispatcher import Dispatcher
from .failures import Bury, TryAgain
from .forwarder import Forwarder
from .groups import Groups
from .health import Health
from .holdings import Holdings
from .leases import LeaseKeeper
from .pool import Pool
from .reader import Reader
from .recovery import Recovery
from .release import release, unstarted
from .retries import Retries
from .rights import Rights
from .run_spans import RunSpans
from .shared import Shared
from .stats import Stats
from .trimmer import Trimmer

__all__ = ["Consumer"]

_WATCH_SECONDS = 0.05
_LAST_SECONDS = 5.0
"""What a stop allows for settling and handing back once its handlers are done."""


class Consumer:
    """Consumes one stream for one group.

    Args:
        endpoint: The server.
        keys: Stream and group.
        name: This consumer's name in the group: the pod's name, or host, process and a random part.
        handlers: What to run; their event types must differ.
        options: Sizes and policies.
        clock: Seconds by which retries are waited for.

    Raises:
        ConfigurationError: Two handlers take the same type and version.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        keys: GroupKeys,
        name: str,
        handlers: Sequence[Handler],
        options: ConsumerOptions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.keys = keys
        self.name = name
        self.stats = Stats()
        self._log = sdk_log().bind(stream=keys.stream, group=keys.group, consumer=name)
        self.health = Health(self._log)
        sources = (Source(keys, replay=False), Source(keys, replay=True))
        self.holdings = Holdings(sources, options)
        shared = Shared(name, options, self.holdings, self.health, self.stats, self._log, clock)
        self._endpoint = endpoint
        self._links: list[Link] = []
        self._releasing = self._link()
        self._spans = RunSpans.wanted(self, name, endpoint.settings.url)
        if self._spans is not None:
            handlers = [self._spans.around(handler) for handler in handlers]
        self._pools = [Pool(handler, self._spans or self, self.stats) for handler in handlers]
        self._rights = Rights(self._link(), shared)
        self._groups = Groups(self._link(), shared)
        self._forwarder = Forwarder(endpoint, shared) if endpoint.cluster is not None else None
        buried = self._spans.buried if self._spans is not None else None
        self._committer = Committer(self._kept(writing_link(endpoint, keys.stream)), shared, buried, self._forwarder)
        decoder = Decoder(handlers, options.unhandled, name)
        dispatcher = Dispatcher(self._pools, self.failed)
        self.holdings.on_drop(dispatcher.left)
        self._retries = Retries(self._link(), shared, decoder=decoder, dispatcher=dispatcher, committer=self._committer)
        self._reader = Reader(
            self._link(),
            endpoint.block_milliseconds,
            self._link(),
            shared,
            decoder=decoder,
            dispatcher=dispatcher,
            committer=self._committer,
        )
        self._recovery = Recovery(self._link(), shared, handlers, self._retries)
        self._trimmer = Trimmer(self._link(), shared, options.trim) if options.trim is not None else None
        self._keeper = LeaseKeeper(endpoint, shared, self._lost_in_thread)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.stopping = False

    def start(self) -> None:
        """Start consuming; returns at once, whether or not the server is there."""
        self._loop = asyncio.get_running_loop()
        for pool in self._pools:
            pool.start()
        self._keeper.start()
        self._spawn("consume", self._consume())
        self._spawn("commit", self._committer.run())
        self._spawn("retry", self._retries.run())
        self._spawn("watch", self._watch())

    async def stop(self, grace_seconds: float) -> None:
        """Stop consuming: finish what runs, hand back the rest, drop the name.

        Args:
            grace_seconds: How long running handlers may go on before they are cancelled.
        """
        self.stopping = True
        self._reader.stop()
        self._retries.stop_starting()
        if "recovery" in self._tasks:
            self._tasks["recovery"].cancel()
        else:
            # Nothing was read yet: it waits for its server, or for its group.
            self._tasks["consume"].cancel()
        for pool in self._pools:
            pool.stop_starting()
        quiet = asyncio.gather(*(pool.wait_until_quiet() for pool in self._pools))
        try:
            async with asyncio.timeout(grace_seconds):
                await quiet
        except TimeoutError:
            self._log.warning("Handlers did not finish in time; they are cancelled", grace_seconds=grace_seconds)
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                # The read under way may still bring entries; they are handed back with the rest.
                await asyncio.wait([self._tasks["consume"]])
                for pool in self._pools:
                    pool.stop_starting()
                # A start that is under way may still make a dead letter.
                await self._retries.wait_until_idle()
                await self._committer.wait_until_idle()
        except TimeoutError:
            self._log.warning("The server did not take all outcomes in time; others will take these entries over")
        await self._end()

    async def abandon(self) -> None:
        """End as a killed process does: nothing is finished and nothing is handed back."""
        self.stopping = True
        self._keeper.stop()
        for task in self._tasks.values():
            task.cancel()
        for pool in self._pools:
            await pool.stop()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.to_thread(self._keeper.join)
        for link in self._links:
            await link.close()

    def advance(self, seconds: float) -> None:
        """Let what runs and what waits be older by so many seconds; the clock has been set before."""
        for pool in self._pools:
            pool.advance(seconds)
        self._retries.look()

    async def _end(self) -> None:
        never_started = {source: unstarted(source) for source in self.holdings.sources}
        self._keeper.stop()
        for pool in self._pools:
            await pool.stop()
        if self._spans is not None:
            self._spans.close()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                for source in self.holdings.sources:
                    await self._release(source, never_started[source])
        except (RedisError, OSError, TimeoutError) as error:
            self._log.warning(
                "Entries could not be handed back; they wait for their lease to run out", error=str(error)
            )
        await asyncio.to_thread(self._keeper.join)
        for link in self._links:
            await link.close()
        if self._forwarder is not None:
            await self._forwarder.close()

    async def _release(self, source: Source, never_started: list[bytes]) -> None:
        released, trimmed = await release(self._releasing, source, self.name, never_started)
        self.stats.released += released
        self.stats.lost_to_trimming += trimmed
        if released:
            self._log.info("Entries were handed back", source=source.stream, entries=released)

    def done(self, delivery: Delivery) -> None:
        """Settle a delivery whose handler succeeded."""
        self._committer.put(delivery)

    def failed(self, delivery: Delivery, error: BaseException) -> TryAgain | Bury:
        """See to a failed attempt."""
        return self._retries.failed(delivery, error)

    def dropped(self, delivery: Delivery) -> None:
        """Let go of a delivery that is another consumer's."""
        self.holdings.drop(delivery)

    @property
    def broken(self) -> str | None:
        """Which part of this consumer has ended although it should run, and why; None if all run. Nothing mends it."""
        for name, task in self._tasks.items():
            if task.done() and not task.cancelled() and task.exception() is not None and not self.stopping:
                return f"{name} ended: {task.exception()!r}"
        return None

    @property
    def failure(self) -> str | None:
        """Why this consumer does not work although it should, or None."""
        return self.broken or self.health.refused

    async def _consume(self) -> None:
        await self._prepare()
        self._spawn("recovery", self._recovery.run())
        if self._trimmer is not None:
            self._spawn("trim", self._trimmer.run())
        await self._reader.run()

    async def _prepare(self) -> None:
        await self.health.persist("look at the user's rights", self._rights.check)
        await self._groups.repair()

        async def tidy() -> None:
            for source in self.holdings.sources:
                await self._release(source, [])

        await self.health.persist("hand back of an earlier life's entries", tidy)
        self._log.info("Consumer is reading")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            now = time.monotonic()
            for pool in self._pools:
                pool.cancel_overdue(now)

    def _lost_in_thread(self, source: Source, entry_ids: list[bytes]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._lost, source, entry_ids)

    def _lost(self, source: Source, entry_ids: list[bytes]) -> None:
        for entry_id in entry_ids:
            self.holdings.forget(source, entry_id)
            delivery = source.held.get(entry_id)
            # One that is done may be settled already, its reply on the way; its commit tells.
            if delivery is None or delivery.lost or delivery.stage is DONE:
                continue
            self.stats.leases_lost += 1
            self._log.warning("Lease was lost; another consumer has the entry", entry_id=entry_id.decode())
            delivery.lost = True
            if delivery.run is not None and delivery.run.single:
                delivery.run.cancel("lost")

    def _link(self) -> Link:
        return self._kept(Link(self._endpoint, self.keys.stream))

    def _kept(self, link: Link) -> Link:
        self._links.append(link)
        return link

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"sluiceway {self.keys.stream} {name}")
        task.add_done_callback(self._report)
        self._tasks[name] = task

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            # Half of a consumer must not sit on its entries: with no lease renewed, others take them over.
            self._keeper.stop()
            self._log.error("Consumer is broken", task=task.get_name(), exc_info=task.exception())
