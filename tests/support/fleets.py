"""A fleet that runs, with replicas that are only counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from tests.support.control import CountedWorkloads, Told

from sluiceway_operator.control import Fleet, Servers, UrlServers
from sluiceway_operator.ports import Leadership
from sluiceway_operator.registry import Registry, Resource

__all__ = ["World"]


class World:
    """A fleet that runs, and what it does to the world.

    Args:
        servers: Finds servers; None: by their URLs.
        leadership: Says who may write; None: we.
        every_seconds: Between two sweeps.
    """

    def __init__(
        self, servers: Servers | None = None, leadership: Leadership | None = None, every_seconds: float = 0.05
    ) -> None:
        self.registry = Registry()
        self.workloads = CountedWorkloads()
        self.told = Told()
        self.fleet = Fleet(
            self.registry, servers or UrlServers(), self.workloads, self.told, leadership, every_seconds=every_seconds
        )

    def put(self, asked: Resource, replicas: int = 0) -> None:
        self.workloads.counts.setdefault(asked.key.name, replicas)
        self.registry.put(asked)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.fleet.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def told_of(self, name: str, kind: str, status: str) -> Callable[[], bool]:
        """Whether a condition was told with this status."""
        return lambda: self.told.condition(name, kind).status == status
