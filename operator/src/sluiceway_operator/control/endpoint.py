"""One server with the resources on it: swept, waited for while idle, and looked at at once where something is new."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NoReturn

import structlog

from ..entry_id import EntryId
from ..ports import Leadership, Reports, Workloads
from ..registry import ResourceKey
from .claims import Claims
from .ending import end
from .fact_keeping import FactKeeper
from .neighbours import Neighbours
from .server import Server
from .stepping import Stepper
from .sweeping import Sweep
from .tracked import Tracked
from .waking import Waker

__all__ = ["Endpoint"]

_AFTER_A_DEFECT_SECONDS = 1.0


class Endpoint:
    """One server and what is looked after on it.

    Args:
        server: The server; it is closed when this ends.
        workloads: Runs the consumers.
        reports: Tells the world.
        leadership: Says whether we may write.
        claims: Which resources ask for which targets; None: no two for the same.
        neighbours: Resources by their streams, those of other logins included; None: there are no others.
        refused: Is told when the server begins not to let us in.
        every_seconds: From the beginning of one sweep to that of the next.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        server: Server,
        workloads: Workloads,
        reports: Reports,
        leadership: Leadership,
        *,
        claims: Claims | None = None,
        neighbours: Neighbours | None = None,
        refused: Callable[[], None] = lambda: None,
        every_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self._neighbours = neighbours or Neighbours()
        self.tracked: dict[ResourceKey, Tracked] = {}
        """What is looked after on this server."""
        stepper = Stepper(workloads, reports, leadership, self._neighbours, claims or Claims(), clock=clock)
        self.waker = Waker(server, self._idle, self._wake, clock)
        self.sweep = Sweep(
            server,
            self.tracked.values,
            stepper,
            waited_for=self.waker.waits_for,
            refused=refused,
            every_seconds=every_seconds,
            clock=clock,
        )
        self.facts = FactKeeper(server)
        self._new: dict[ResourceKey, Tracked] = {}
        self._something_new = asyncio.Event()
        self._log = structlog.get_logger().bind(server=server.address.url)

    def put(self, tracked: Tracked) -> None:
        """Look after a resource from now on, and at it at once."""
        self.tracked[tracked.resource.key] = tracked
        self._neighbours.put(self.server.address.url, tracked)
        self._new[tracked.resource.key] = tracked
        self._something_new.set()

    def remove(self, tracked: Tracked) -> None:
        """Look at a resource no more."""
        self._neighbours.remove(tracked)
        for kept in (self.tracked, self._new):
            if kept.get(tracked.resource.key) is tracked:
                del kept[tracked.resource.key]

    async def run(self) -> None:
        """Look after the resources for ever; close the server when cancelled."""
        loops = [
            asyncio.create_task(self._for_ever(loop))
            for loop in (self.sweep.run, self.waker.run, self._look_at_new, self.facts.run)
        ]
        try:
            await asyncio.gather(*loops)
        finally:
            await end(loops)
            await self.server.close()

    async def _for_ever(self, loop: Callable[[], Awaitable[None]]) -> NoReturn:
        """Run a loop again if a defect ends it: what is on a server must not be left alone by one bad answer."""
        while True:
            try:
                await loop()
            except Exception:  # noqa: BLE001  # whatever it is, it was not foreseen
                self._log.exception("A loop over the server's resources failed and begins again")
            await asyncio.sleep(_AFTER_A_DEFECT_SECONDS)

    async def _look_at_new(self) -> None:
        """Look at what is new together: two hundred resources that come at once are two calls."""
        while True:
            await self._something_new.wait()
            self._something_new.clear()
            new = list(self._new.values())
            self._new.clear()
            await self.sweep.look_at(new)

    def _idle(self) -> Mapping[str, EntryId]:
        return {each.resource.spec.stream: each.idle_at for each in self.tracked.values() if each.idle_at is not None}

    async def _wake(self, streams: Collection[str]) -> None:
        await self.sweep.look_at([each for each in self.tracked.values() if each.resource.spec.stream in streams])
