"""Renews the leases of everything in hand, from a thread of its own.

A handler that keeps the event loop busy must not cost the leases of its neighbours, so neither the loop nor its
connections are used here.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
import threading
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from ..connection import Endpoint, Link
from ..scripts import load
from .delivery import Source
from .shared import Shared

__all__ = ["LeaseKeeper"]

_IDS_PER_CALL = 200
"""Keeps one call below a millisecond on the server, which serves nobody else meanwhile."""


class LeaseKeeper:
    """Tells the server every third of a lease that our entries are still being looked after.

    An entry whose handler has run past its time limit is not renewed: another consumer may have it.

    Args:
        endpoint: The server.
        shared: What the consumer's rooms have in common.
        lost: Called in this thread with the IDs that are another consumer's by now.
    """

    def __init__(self, endpoint: Endpoint, shared: Shared, lost: Callable[[Source, list[bytes]], None]) -> None:
        self._endpoint = endpoint
        self._sources = shared.holdings.sources
        self._consumer = shared.consumer
        self._interval = shared.options.lease.seconds / 3
        self._lost = lost
        self._script = load("renew")
        self._log = shared.log
        self._stopping = threading.Event()
        # The context says where connections are to be opened; a thread would begin with an empty one.
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name=f"sluiceway leases {shared.consumer}",
            daemon=True,
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns at once."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout=10)

    def _run(self) -> None:
        link = Link(self._endpoint, self._sources[0].stream)
        failing = False
        with asyncio.Runner() as runner:
            while not self._stopping.wait(self._interval * self._share(failing=failing)):
                try:
                    for source in self._sources:
                        runner.run(self._renew(link, source))
                    failing = False
                except (RedisError, OSError, TimeoutError, MemoryError) as error:
                    # A missing group, an unreachable server: the consumer's own loops repair and report.
                    if not failing:
                        self._log.warning("Leases could not be renewed", error=str(error))
                    failing = True
            runner.run(link.close())

    @staticmethod
    def _share(*, failing: bool) -> float:
        """Return how much of the interval to wait: after a failover the leases have little time left."""
        return random.uniform(0.1, 0.2) if failing else 1.0  # noqa: S311

    async def _renew(self, link: Link, source: Source) -> None:
        # Lets this loop, which stood still meanwhile, see whether the server has closed the connection.
        await asyncio.sleep(0)
        now = time.monotonic()
        # Copying a dict, or listing its keys, is one step for the interpreter, so the event loop cannot change it
        # meanwhile. Listing its items is not: it makes tuples, and a garbage collection then may let the loop run.
        ids = list(source.waiting)
        for entry_id, delivery in source.held.copy().items():
            run = delivery.run
            if run is None or now <= run.deadline:
                ids.append(entry_id)
        for first in range(0, len(ids), _IDS_PER_CALL):
            chunk = ids[first : first + _IDS_PER_CALL]
            lost = await link.run(self._script, (source.stream,), (source.group, self._consumer, *chunk))
            if lost:
                self._lost(source, lost)
