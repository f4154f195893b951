"""Promise 1: what a publisher was told is accepted is handled, whoever is killed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.doubling import (
    DOUBLED,
    NUMBERS,
    Number,
    dead_letters,
    doubles,
    numbers_service,
    pending,
    publish_numbers,
    settled,
    stored,
)
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER, begun, gated_consumer, open_gate, start_program
from tests.support.processes import Program, Programs
from tests.support.proxy import FaultProxy
from tests.support.servers import StartServer

from sluiceway import Publisher, PublishError, Receipt, Unavailable
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import lost_key

Redis = redis.asyncio.Redis


@dataclass
class Scene:
    """A consumer, behind a proxy, that has settled number 0 and is to handle 1, 2 and 3, one at a time."""

    consumer: Program
    proxy: FaultProxy
    client: Redis
    folder: Path

    async def in_the_first_handler(self) -> None:
        await self.consumer.line(r'"began", "value": 1\b')
        # Its first commit also taught the server the script: from now on a commit is a single round trip.
        await self.consumer.line('"counted", "handled": 1')
        await eventually(lambda: self.owns(3))

    async def owns(self, entries: int) -> bool:
        return len(await pending(self.client, "gated")) == entries

    async def wrote_an_output(self) -> bool:
        count: int = await self.client.xlen(DOUBLED)
        return count == 2


@pytest_asyncio.fixture
async def scene(server: EmbeddedServer, client: Redis, proxy: FaultProxy, programs: Programs, tmp_path: Path) -> Scene:
    open_gate(tmp_path, 0)
    await publish_numbers(server.url, 0, 1, 2, 3)
    return Scene(gated_consumer(programs, proxy.url, concurrency=1), proxy, client, tmp_path)


async def while_some_run_and_some_wait_for_their_handler(scene: Scene) -> None:
    await scene.in_the_first_handler()
    assert begun(scene.consumer) == [0, 1]


async def after_the_handler_before_its_commit(scene: Scene) -> None:
    await scene.in_the_first_handler()
    scene.proxy.blackhole()
    open_gate(scene.folder, 1)
    await scene.consumer.line(r'"returned", "value": 1\b')
    assert await scene.owns(3)
    assert not await scene.wrote_an_output()


async def after_the_commit_before_its_reply(scene: Scene) -> None:
    await scene.in_the_first_handler()
    scene.proxy.hold_replies()
    open_gate(scene.folder, 1)
    await eventually(scene.wrote_an_output)
    assert scene.consumer.find('"handled": 2') is None


async def right_after_the_commit(scene: Scene) -> None:
    await scene.in_the_first_handler()
    open_gate(scene.folder, 1)
    await scene.consumer.line('"counted", "handled": 2')


@pytest.mark.parametrize(
    "stage",
    [
        while_some_run_and_some_wait_for_their_handler,
        after_the_handler_before_its_commit,
        after_the_commit_before_its_reply,
        right_after_the_commit,
    ],
    ids=lambda stage: stage.__name__,
)
async def test_a_consumer_may_be_killed_at_every_stage(
    stage: Callable[[Scene], Awaitable[None]], scene: Scene, server: EmbeddedServer, client: Redis
) -> None:
    await stage(scene)

    scene.consumer.kill()
    scene.proxy.cut()

    async with numbers_service(server.url):
        await eventually(lambda: settled(client, [0, 2, 4, 6]))
    assert await doubles(client) == [0, 2, 4, 6]
    assert await dead_letters(client) == 0


@ON_ONE_SERVER
async def test_consumers_that_are_killed_again_and_again_under_load_lose_and_double_nothing(
    server: EmbeddedServer, client: Redis, programs: Programs
) -> None:
    numbers = range(600)
    async with Publisher(server.url, NUMBERS) as publisher:
        await publisher.publish_many([Number(value=value) for value in numbers])

    for kill in range(1, 4):
        consumer = gated_consumer(programs, server.url, gated=False, work_seconds=0.005, concurrency=4)
        await eventually(partial(more_than, client, kill * 60), what=f"progress before kill {kill}")
        assert await pending(client, "gated"), "a kill of a consumer that owns nothing proves nothing"
        consumer.kill()

    async with numbers_service(server.url):
        await eventually(lambda: settled(client, [2 * value for value in numbers]), within_seconds=60)
    assert await doubles(client) == [2 * value for value in numbers]
    assert await dead_letters(client) == 0


@ON_ONE_SERVER
async def test_every_receipt_of_a_killed_publisher_is_in_the_stream(
    server: EmbeddedServer, client: Redis, programs: Programs
) -> None:
    publisher = start_program(programs, "steady_publisher", server.url)
    await eventually(lambda: len(publisher.records) >= 50)

    publisher.kill()
    await publisher.ended()

    there = {entry_id: fields[b"id"].decode() for entry_id, fields in (await stored(client)).items()}
    assert {record["entry"]: record["event"] for record in publisher.records}.items() <= there.items()


async def test_publish_returns_only_after_the_server_said_that_it_has_the_event(
    client: Redis, proxy: FaultProxy
) -> None:
    async with Publisher(proxy.url, NUMBERS, timeout_seconds=30) as publisher:
        await publisher.publish(Number(value=1))
        proxy.hold_replies()
        publishing = asyncio.create_task(publisher.publish(Number(value=2)))
        await eventually(lambda: entries(client, 2))
        assert not publishing.done()

        proxy.heal()

        assert await client.xrange(NUMBERS, (await publishing).entry_id)


async def test_publish_says_so_when_the_server_does_not_take_the_event(client: Redis, proxy: FaultProxy) -> None:
    async with Publisher(proxy.url, NUMBERS, timeout_seconds=0.3) as publisher:
        proxy.blackhole()

        with pytest.raises(Unavailable):
            await publisher.publish(Number(value=1))
        with pytest.raises(Unavailable):
            await publisher.publish_many([Number(value=2)])

    assert await client.exists(NUMBERS) == 0


async def test_publish_says_so_when_the_stream_is_no_stream(server: EmbeddedServer, client: Redis) -> None:
    await client.set(NUMBERS, "something else")

    async with Publisher(server.url, NUMBERS) as publisher:
        with pytest.raises(PublishError, match="WRONGTYPE"):
            await publisher.publish(Number(value=1))


async def test_a_server_that_is_killed_and_restarted_has_everything_it_acknowledged(start_server: StartServer) -> None:
    server = start_server(fsync="always")
    receipts: list[Receipt] = []
    enough_to_kill, enough = asyncio.Event(), 240

    async def publish() -> None:
        async with Publisher(server.url, NUMBERS) as publisher:
            while len(receipts) < enough:
                value = len(receipts)
                receipts.append(Receipt("", "", ""))
                # The same event ID at each try: what an earlier try left in the stream has no effect of its own.
                receipts[value] = await eventually(
                    partial(publisher.publish, Number(value=value), event_id=f"number {value}"),
                    within_seconds=60,
                    ignoring=(Unavailable,),
                )
                if value == enough // 3:
                    enough_to_kill.set()

    async with numbers_service(server.url), asyncio.TaskGroup() as publishers:
        for _ in range(4):
            publishers.create_task(publish())
        await enough_to_kill.wait()
        server.kill()
        known = [receipt for receipt in receipts if receipt.entry_id]
        await asyncio.to_thread(server.start)
        async with redis.asyncio.Redis.from_url(server.url) as client:
            assert {receipt.entry_id for receipt in known} <= (await stored(client)).keys()
            everything = [2 * value for value in range(enough)]
            await eventually(lambda: settled(client, everything), within_seconds=60)
            assert await doubles(client) == everything


async def test_publishing_sets_no_limit_to_the_length_of_a_stream(server: EmbeddedServer, client: Redis) -> None:
    async with Publisher(server.url, NUMBERS) as publisher:
        await publisher.publish_many([Number(value=value) for value in range(2500)])
        await publisher.publish(Number(value=2500))

    assert await client.xlen(NUMBERS) == 2501


async def test_unsafe_max_length_counts_exactly_the_unread_and_unsettled_entries_that_it_loses(
    server: EmbeddedServer, client: Redis
) -> None:
    await client.xgroup_create(NUMBERS, "payments", id="0", mkstream=True)
    await client.xgroup_create(NUMBERS, "reports", id="0")
    async with Publisher(server.url, NUMBERS, unsafe_max_length=10) as publisher:
        for value in range(10):
            await publisher.publish(Number(value=value))
        await client.xreadgroup("payments", "somebody", {NUMBERS: ">"}, count=6)
        await client.xack(NUMBERS, "payments", *list(await stored(client))[:4])

        for value in range(8):
            await publisher.publish(Number(value=value))

        # Of the 8 oldest, payments had settled 4; reports had read none.
        assert publisher.lost == 4 + 8
    assert await client.xlen(NUMBERS) == 10
    assert await client.hgetall(lost_key(NUMBERS)) == {b"payments": b"4", b"reports": b"8"}


async def more_than(client: Redis, least: int) -> bool:
    return len(await doubles(client)) > least


async def entries(client: Redis, count: int) -> bool:
    length: int = await client.xlen(NUMBERS)
    return length == count
