"""Consumers of one stream `work` in the test's own process, and what the server says of that stream."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import redis.asyncio
from tests.support.programs.worker import TOIL_SECONDS, Done, Options, Work

from sluiceway import Context, Lease, Publisher, RedisSettings, Retry, Service
from sluiceway.keys import RELEASED

__all__ = [
    "GROUP",
    "PROGRAM",
    "RESULTS",
    "STREAM",
    "Worker",
    "arguments",
    "consumer_names",
    "numbered",
    "pending",
    "publish",
    "results",
]

STREAM, GROUP, RESULTS = "work", "workers", "results"
PROGRAM = Path(__file__).parent / "programs" / "worker.py"
"""The same consumer as a process of its own."""


class Worker:
    """A consumer whose handler waits for a gate where the event says so.

    Args:
        url: The server, or settings.
        name: The consumer's name.
        lease: Lease and polling.
        on: Options of the handler, as for `Service.on`.
        consume: Options of the consumer, as for `Service.consume`.
        service: Options of the service.

    Attributes:
        started: Names of the events whose handler began, in that order, each time it did.
        counts: The delivery counts of these starts.
        finished: Those that ended well.
        cancelled: Those that were cancelled.
    """

    def __init__(
        self,
        url: str | RedisSettings,
        name: str,
        *,
        lease: Lease,
        on: Mapping[str, Any] | None = None,
        consume: Mapping[str, Any] | None = None,
        service: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.started: list[str] = []
        self.counts: list[int] = []
        self.finished: list[str] = []
        self.cancelled: list[str] = []
        self._gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        # A short grace period, so that a test that failed is over soon.
        self.service = Service(GROUP, redis=url, consumer=name, **{"grace_seconds": 2.0, **(service or {})})
        self.service.consume(STREAM, lease=lease, **(consume or {}))
        declared = {"concurrency": 1, "retry": Retry(attempts=5, first_seconds=0.05), **(on or {})}
        self.service.on(Work, stream=STREAM, publishes=RESULTS, **declared)(self.handle)

    async def handle(self, work: Work, context: Context) -> Done:
        self.started.append(work.name)
        self.counts.append(context.delivery_count)
        try:
            if work.act == "toil":
                await asyncio.sleep(TOIL_SECONDS)
            elif work.act != "finish":
                await self._gates[work.name].wait()
        except asyncio.CancelledError:
            self.cancelled.append(work.name)
            raise
        self.finished.append(work.name)
        return Done(name=work.name)

    def open(self, *names: str) -> None:
        """Let the handlers of these events go on."""
        for name in names:
            self._gates[name].set()

    @property
    def held(self) -> int:
        """Entries in hand with their bodies."""
        return self.service.consumers[0].holdings.held if self.service.consumers else 0

    @property
    def leases_lost(self) -> int:
        """As the running consumer counts."""
        return self.service.consumers[0].stats.leases_lost

    async def __aenter__(self) -> Self:
        await self.service.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.stop()


def arguments(folder: Path, options: Options) -> tuple[str, str]:
    """What starts the program `worker`; its gates are files in the folder.

    Example:
        >>> programs.start(*arguments(tmp_path, {"redis": server.url, "consumer": "a"}))
    """
    return str(PROGRAM), json.dumps({"gates": str(folder), **options})


async def publish(url: str, works: Iterable[Work], keys: Iterable[str] = ()) -> list[str]:
    """Publish events and return the IDs of their entries."""
    async with Publisher(url, stream=STREAM) as publisher:
        return [receipt.entry_id for receipt in await publisher.publish_many(list(works), keys=list(keys))]


async def results(client: redis.asyncio.Redis, stream: str = RESULTS) -> list[str]:
    """The names in the committed outputs, in the order of the stream."""
    entries: Any = await client.xrange(stream)
    return [json.loads(fields[b"payload"])["name"] for _, fields in entries]


async def pending(client: redis.asyncio.Redis, consumer: str | None = None) -> dict[str, tuple[str, int]]:
    """Owner and delivery count of each pending entry, by entry ID."""
    entries: Any = await client.xpending_range(STREAM, GROUP, "-", "+", 10_000, consumername=consumer)
    return {entry["message_id"].decode(): (entry["consumer"].decode(), entry["times_delivered"]) for entry in entries}


async def consumer_names(client: redis.asyncio.Redis, stream: str = STREAM) -> set[str]:
    """The names that the group knows, without the reserved one of handed-back entries."""
    consumers: Any = await client.xinfo_consumers(stream, GROUP)
    return {consumer["name"].decode() for consumer in consumers} - {RELEASED}


def numbered(count: int, act: Literal["finish", "wait"] = "finish") -> list[Work]:
    """Events named 0, 1, 2, …"""
    return [Work(name=str(number), act=act) for number in range(count)]
