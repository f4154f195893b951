"""A publisher that goes on through outages, as a careful producer does."""

from __future__ import annotations

import asyncio
import itertools
from types import TracebackType
from typing import Self

from tests.support.eventually import eventually
from tests.support.numbered import Numbered

from sluiceway import Publisher, RedisSettings, Unavailable
from sluiceway.ids import new_event_id

__all__ = ["Insistent"]

_WAIT_SECONDS = 0.02


class Insistent:
    """Publishes numbers without end; what was `Unavailable` is published again under its event ID.

    Args:
        servers: URL or settings.
        stream: Where they go.

    Attributes:
        acknowledged: Numbers that were accepted, in their order.
        refusals: How often the servers could not take one.
    """

    def __init__(self, servers: str | RedisSettings, stream: str) -> None:
        self._publisher = Publisher(servers, stream, timeout_seconds=1.0)
        self._task: asyncio.Task[None] | None = None
        self.acknowledged: list[int] = []
        self.refusals = 0

    async def more(self, count: int, within_seconds: float = 30.0) -> None:
        """Wait until so many more are accepted."""
        wanted = len(self.acknowledged) + count
        await eventually(
            lambda: len(self.acknowledged) >= wanted or self._failed(),
            within_seconds=within_seconds,
            what=f"{count} more events accepted",
        )

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._publish())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Publish nothing more."""
        self._failed()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._publisher.close()

    def _failed(self) -> bool:
        """Raise what ended the publisher, if anything did."""
        if self._task is not None and self._task.done():
            self._task.result()
        return False

    async def _publish(self) -> None:
        for number in itertools.count():
            identity = new_event_id()
            while True:
                try:
                    await self._publisher.publish(Numbered(number=number), event_id=identity)
                    break
                except Unavailable:
                    self.refusals += 1
                    await asyncio.sleep(_WAIT_SECONDS)
            self.acknowledged.append(number)
            await asyncio.sleep(0.001)
