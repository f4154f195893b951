"""Idle streams are waited for, not polled: their first entry wakes the consumers without a sweep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import redis.asyncio
from tests.support.control import Loop
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer


@asynccontextmanager
async def waiting(loop: Loop) -> AsyncIterator[None]:
    """Have the loop's waker wait meanwhile; no sweep runs."""
    task = asyncio.create_task(loop.waker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await loop.server.close()


async def test_the_first_entry_of_an_idle_stream_wakes_without_a_sweep(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    loop = Loop(server.url)
    loop.add("payments")
    await loop.sweep()
    async with waiting(loop):
        await Observed(client, "orders", "payments").add(1)

        await eventually(lambda: loop.workloads.written == [("payments", 1)])


async def test_the_backlog_is_read_before_anything_is_written(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    loop = Loop(server.url)
    loop.add("payments")
    await loop.sweep()
    async with client.pipeline(transaction=True) as burst:
        for number in range(500):
            _ = burst.xadd("orders", {"n": number})
        async with waiting(loop):
            await burst.execute()
            await eventually(lambda: loop.workloads.written)

    assert loop.workloads.written[0] == ("payments", 5)


async def test_an_entry_added_between_the_look_and_the_wait_is_not_missed(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    loop = Loop(server.url)
    loop.add("payments")
    await loop.sweep()
    await Observed(client, "orders", "payments").add(1)

    async with waiting(loop):
        await eventually(lambda: loop.workloads.written == [("payments", 1)])


async def test_of_many_idle_streams_the_one_that_gets_an_entry_is_woken_alone(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    loop = Loop(server.url)
    for number in range(200):
        loop.add(f"group-{number}", stream=f"stream-{number}")
    # on a busy machine the first look may take longer than a look may
    await eventually(lambda: all_are_idle(loop))
    async with waiting(loop):
        await Observed(client, "stream-77", "group-77").add(1)
        await eventually(lambda: loop.workloads.written)

    assert loop.workloads.written == [("group-77", 1)]


async def all_are_idle(loop: Loop) -> bool:
    await loop.sweep()
    return all(each.idle_at is not None for each in loop.tracked.values())


async def test_idle_streams_cost_the_server_one_command_a_second(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    loop = Loop(server.url)
    for number in range(200):
        loop.add(f"group-{number}", stream=f"stream-{number}")
    await loop.sweep()
    before = await calls(client, "xread")

    await loop.waker.once()
    await loop.waker.once()
    await loop.server.close()

    assert await calls(client, "xread") - before == 2


async def calls(client: redis.asyncio.Redis, command: str) -> int:
    stats = await client.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {}).get("calls", 0))


async def test_one_bad_key_leaves_the_others_waited_for(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    loop = Loop(server.url)
    loop.add("broken", stream="broken")
    loop.add("payments")
    await loop.sweep()
    await client.delete("broken")
    await client.set("broken", "text")
    async with waiting(loop):
        await Observed(client, "orders", "payments").add(1)

        await eventually(lambda: ("payments", 1) in loop.workloads.written)


async def test_a_server_that_comes_back_is_waited_for_again(own_server: EmbeddedServer) -> None:
    loop = Loop(own_server.url)
    loop.add("payments")
    await loop.sweep()
    async with waiting(loop):
        own_server.stop()
        own_server.start()
        async with redis.asyncio.Redis.from_url(own_server.url) as client:
            await Observed(client, "orders", "payments").add(1)

            await eventually(lambda: loop.workloads.written == [("payments", 1)])
