"""While entries come and go, trimming takes nothing that any group still needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.control import Loop
from tests.support.eventually import eventually

from sluiceway.embedded import EmbeddedServer

HARD_CAP = 500


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    made.add("quick", replicas=1, scaling={"minReplicas": 1}, trim={"policy": "Acknowledged"})
    await made.sweep()
    yield made
    await made.server.close()


class Reader:
    """A group's consumer that keeps what it was given.

    Args:
        client: Client of the server.
        group: Its group.
    """

    def __init__(self, client: redis.asyncio.Redis, group: str) -> None:
        self._client = client
        self._group = group
        self.got: list[bytes] = []

    async def read(self) -> int:
        """Read and acknowledge what there is, up to a hundred; return how many."""
        reply: Any = await self._client.xreadgroup(self._group, "pod", {"orders": ">"}, count=100)
        entries = reply[0][1] if reply else []
        if entries:
            self.got += [entry_id for entry_id, _ in entries]
            await self._client.xack("orders", self._group, *(entry_id for entry_id, _ in entries))
        return len(entries)

    async def drain(self) -> None:
        while await self.read():
            pass


@asynccontextmanager
async def under_load(loop: Loop, client: redis.asyncio.Redis, added: list[bytes]) -> AsyncIterator[Reader]:
    """Have entries come, the quick group take them, and the operator trim, as fast as all of them can."""
    quick = Reader(client, "quick")
    over = asyncio.Event()

    async def produce() -> None:
        while not over.is_set():
            pipeline = client.pipeline(transaction=False)
            for number in range(20):
                _ = pipeline.xadd("orders", {"n": number})
            added.extend(await pipeline.execute())
            await asyncio.sleep(0)

    async def take() -> None:
        while not over.is_set():
            await quick.read()

    async def trim() -> None:
        while not over.is_set():
            await loop.sweep(seconds=6)

    tasks = [asyncio.create_task(each()) for each in (produce, take, trim)]
    try:
        yield quick
    finally:
        over.set()
        await asyncio.gather(*tasks)


def trimmed(loop: Loop) -> int:
    (tracked,) = loop.tracked.values()
    return tracked.totals.removed


async def test_a_group_that_stands_still_keeps_what_it_has_not_read_and_no_more(
    loop: Loop, client: redis.asyncio.Redis
) -> None:
    added: list[bytes] = []
    stalled = Reader(client, "stalled")
    async with under_load(loop, client, added):
        await eventually(lambda: trimmed(loop) > 500)
        await client.xgroup_create("orders", "stalled", "$")
        mark = len(added)
        await eventually(lambda: len(added) > mark + 3000)
    held = await client.xlen("orders")
    await stalled.drain()
    await Reader(client, "quick").drain()

    assert held >= 2900
    assert stalled.got == added[-len(stalled.got) :]
    assert len(stalled.got) >= 2900
    await eventually(lambda: emptied(loop, client))
    assert loop.told.events.count(("quick", "EntriesLost", True)) == 0


async def emptied(loop: Loop, client: redis.asyncio.Redis) -> bool:
    await loop.sweep(seconds=6)
    return await client.xlen("orders") == 0


@pytest.mark.parametrize("attempt", range(3))
async def test_a_group_that_is_made_while_trimming_goes_on_gets_all_that_there_was_at_that_moment(
    loop: Loop, client: redis.asyncio.Redis, attempt: int
) -> None:
    added: list[bytes] = []
    async with under_load(loop, client, added):
        await eventually(lambda: trimmed(loop) > 500 * (attempt + 1))
        async with client.pipeline(transaction=True) as moment:
            _ = moment.xgroup_create("orders", "late", "0")
            _ = moment.xrange("orders", "-", "+")
            _, there = await moment.execute()
        mark = len(added)
        await eventually(lambda: len(added) > mark + 1000)
    late = Reader(client, "late")
    await late.drain()

    present = [entry_id for entry_id, _ in there]
    assert late.got[: len(present)] == present
    assert late.got == added[-len(late.got) :]
    assert len(late.got) > 900


async def test_memory_is_bounded_by_the_hard_cap_alone_which_counts_what_a_group_loses_by_it(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    loop = Loop(server.url)
    loop.add(
        "quick", replicas=1, scaling={"minReplicas": 1}, trim={"policy": "Acknowledged", "hardMaxLength": HARD_CAP}
    )
    await loop.sweep()
    await client.xgroup_create("orders", "stalled", "0")
    added: list[bytes] = []
    async with under_load(loop, client, added):
        await eventually(lambda: trimmed(loop) > 3 * HARD_CAP)
    await loop.sweep(2, seconds=6)
    held = await client.xlen("orders")
    stalled = Reader(client, "stalled")
    await stalled.drain()
    (tracked,) = loop.tracked.values()
    await loop.server.close()

    assert held == HARD_CAP
    assert stalled.got == added[-HARD_CAP:]
    assert tracked.totals.lost == tracked.totals.removed == len(added) - HARD_CAP
    assert ("quick", "EntriesLost", True) in loop.told.events
