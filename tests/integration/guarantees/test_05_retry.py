"""Promise 5: a failed event is tried again when it is due, by whoever is there then, and holds up nobody meanwhile."""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import (
    GROUP,
    KEYS,
    LEASE,
    STREAM,
    Echo,
    Note,
    add,
    dead_letters,
    numbers_on,
    one_server,
    pending,
    running,
    until_drained,
)
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs
from tests.support.programs import failing

from sluiceway import Context, Reject, Retry, RetryLater, Service
from sluiceway.embedded import EmbeddedServer

LONG = 600.0


def consuming(server: EmbeddedServer, handle: Callable[..., Any], **options: Any) -> Service:
    service = Service(options.pop("group", GROUP), redis=server.url)
    service.consume(STREAM, lease=LEASE, in_flight=options.pop("in_flight", None))
    service.on(Note, stream=STREAM, publishes="echoes", **options)(handle)
    return service


async def test_each_attempt_waits_for_its_time_and_the_last_one_may_succeed(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    tries: list[tuple[int, float]] = []

    async def handle(note: Note, context: Context) -> Echo:
        tries.append((context.delivery_count, time.monotonic()))
        if context.delivery_count < 4:
            raise ValueError
        return Echo(number=note.number)

    await add(client, 1)

    retry = Retry(attempts=4, first_seconds=0.1, multiplier=2, jitter=0)
    async with running(consuming(server, handle, retry=retry), client):
        await until_drained(client)

    counts, times = zip(*tries, strict=True)
    assert counts == (1, 2, 3, 4)
    waits = [after - before for before, after in pairwise(times)]
    assert all(wait >= least for wait, least in zip(waits, (0.1, 0.2, 0.4), strict=True))
    assert await numbers_on(client, "echoes") == [1]
    assert not await client.exists(KEYS.dead, KEYS.retry)


@one_server
async def test_how_often_depends_on_the_class_of_the_exception(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    errors: list[type[Exception]] = [ZeroDivisionError, OverflowError, ValueError, KeyError]
    tries = [0, 0, 0, 0]

    async def handle(note: Note) -> None:
        tries[note.number] += 1
        raise errors[note.number]

    for number in range(4):
        await add(client, number)

    retry = {
        ArithmeticError: Retry(attempts=2, first_seconds=0),
        ZeroDivisionError: Retry(attempts=3, first_seconds=0),
        ValueError: Retry(attempts=1),
        Exception: Retry(attempts=4, first_seconds=0),
    }
    async with running(consuming(server, handle, retry=retry), client):
        await until_drained(client)

    assert tries == [3, 2, 1, 4]
    letters = await dead_letters(server.url)
    assert {letter.provenance["errorType"]: letter.provenance["starts"] for letter in letters} == {
        "ZeroDivisionError": 3,
        "OverflowError": 2,
        "ValueError": 1,
        "KeyError": 4,
    }


@one_server
async def test_a_handler_may_say_how_long_to_wait_and_that_counts_as_an_attempt(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    tries: list[float] = []

    async def handle(_: Note) -> None:
        tries.append(time.monotonic())
        raise RetryLater(0.3)

    await add(client, 1)

    async with running(
        consuming(server, handle, retry=Retry(attempts=2, first_seconds=LONG, cap_seconds=LONG)), client
    ):
        await until_drained(client)

    first, second = tries
    assert second - first >= 0.3
    [letter] = await dead_letters(server.url)
    assert (letter.provenance["reason"], letter.provenance["errorType"]) == ("exhausted", "RetryLater")


@one_server
async def test_a_rejected_event_is_not_tried_again(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    tries: list[int] = []

    async def handle(note: Note) -> None:
        tries.append(note.number)
        raise Reject("never")

    await add(client, 1)

    async with running(consuming(server, handle), client):
        await until_drained(client)

    assert tries == [1]
    [letter] = await dead_letters(server.url)
    assert letter.provenance["reason"] == "rejected"


async def test_only_the_group_that_failed_tries_again(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    ours: list[int] = []
    others: list[int] = []

    async def fail(note: Note) -> None:
        ours.append(note.number)
        if len(ours) < 3:
            raise ValueError

    async def succeed(note: Note) -> None:
        others.append(note.number)

    await add(client, 1)

    service, other = consuming(server, fail, retry=Retry(first_seconds=0.01)), consuming(server, succeed, group="other")
    async with running(service, client), running(other, client):
        await until_drained(client)
        await until_drained(client, group="other")

    assert ours == [1, 1, 1]
    assert others == [1]
    assert await client.xlen(STREAM) == 3, "nothing was published again: the note, and what woke two readers"


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_a_waiting_event_holds_up_no_newer_one(
    server: EmbeddedServer, client: redis.asyncio.Redis, concurrency: int
) -> None:
    async def handle(note: Note) -> Echo:
        if note.number == 0:
            raise RetryLater(LONG)
        return Echo(number=note.number)

    for number in range(20):
        await add(client, number)

    async with running(consuming(server, handle, concurrency=concurrency), client):
        await eventually(lambda: client.xlen("echoes"), what="the first of the others")
        await add(client, 20)
        await eventually(lambda: has(client, "echoes", 20), what="all the others")

        assert sorted(await numbers_on(client, "echoes")) == list(range(1, 21))
        assert await pending(client) == 1


@one_server
async def test_a_waiting_event_holds_up_later_ones_of_its_key_and_no_other_key(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    failed: list[int] = []

    async def handle(note: Note) -> Echo:
        if note.number == 0 and not failed:
            failed.append(0)
            raise RetryLater(2.0)
        return Echo(number=note.number)

    for number in range(10):
        await add(client, number, key="slow" if number % 2 == 0 else "quick")

    async with running(consuming(server, handle, order_by="key", concurrency=4), client):
        await until_drained(client)

    order = await numbers_on(client, "echoes")
    assert order[:5] == [1, 3, 5, 7, 9], "the other key did not wait"
    assert order[5:] == [0, 2, 4, 6, 8], "its own key kept its order"


@one_server
async def test_many_waiting_events_do_not_count_against_the_bound_of_events_in_flight(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async def handle(note: Note) -> Echo:
        if note.number < 200:
            raise RetryLater(LONG)
        return Echo(number=note.number)

    for number in range(200):
        await add(client, number)

    service = consuming(server, handle, in_flight=8)
    async with running(service, client):
        await eventually(lambda: service.consumers[0].holdings.waiting == 200, what="all of them wait")
        await add(client, 200)
        await eventually(lambda: has(client, "echoes", 1), what="a newer one is handled")

        assert await pending(client) == 200
        assert service.consumers[0].holdings.held == 0, "their bodies stay on the server"


async def test_a_waiting_event_stays_its_owner_s_while_that_one_lives(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    tries: list[str] = []

    def handler_of(name: str) -> Callable[..., Any]:
        async def handle(_: Note, context: Context) -> None:
            tries.append(name)
            if context.delivery_count == 1:
                raise RetryLater(3 * LEASE.seconds)

        return handle

    await add(client, 1)

    owner, other = consuming(server, handler_of("owner")), consuming(server, handler_of("other"))
    async with running(owner, client):
        await eventually(lambda: client.hlen(KEYS.retry), what="the failure is recorded")
        async with running(other, client):
            await until_drained(client)
            assert other.consumers[0].stats.taken_over == 0

    assert tries == ["owner", "owner"]


@pytest.mark.parametrize("end", [Program.kill, Program.terminate], ids=["killed", "stopped"])
async def test_a_waiting_event_survives_its_owner_and_is_not_started_before_it_is_due(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, end: Callable[[Program], None]
) -> None:
    started: list[tuple[int, float]] = []

    async def handle(_: Note, context: Context) -> None:
        started.append((context.delivery_count, time.time()))

    wait_seconds = 3.0
    await add(client, 1)
    owner = programs.start(str(Path(failing.__file__)), server.url, str(wait_seconds))
    failed = await owner.line(r"failed at (\S+) in start 1")
    await eventually(lambda: client.hlen(KEYS.retry), what="the failure is recorded")
    end(owner)
    await owner.ended()

    async with running(consuming(server, handle), client):
        await until_drained(client)

    [(count, at)] = started
    assert count == 2
    # A millisecond for the two clocks' readings: the server counts in whole ones.
    assert at - float(failed[1]) >= wait_seconds - 0.001
    assert not await client.exists(KEYS.retry)


@one_server
@pytest.mark.parametrize("end", [Program.kill, Program.terminate], ids=["killed", "stopped"])
async def test_attempts_are_counted_across_restarts(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, end: Callable[[Program], None]
) -> None:
    entry_id = await add(client, 1)
    lives: list[Program] = []

    for _ in range(2):
        lives.append(programs.start(str(Path(failing.__file__)), server.url, "1.0"))
        await lives[-1].line(r"failed at \S+ in start")
        await eventually(lambda: client.hlen(KEYS.retry), what="the failure is recorded")
        end(lives[-1])
        await lives[-1].ended()
    lives.append(programs.start(str(Path(failing.__file__)), server.url, "1.0"))
    await until_drained(client)

    await lives[-1].line(r"failed at \S+ in start 3")
    starts = [line.rpartition(" ")[2] for life in lives for line in life.lines if line.startswith("failed at")]
    assert starts == ["1", "2", "3"]
    [letter] = await dead_letters(server.url)
    told = letter.provenance
    assert (told["entryId"], told["reason"], told["starts"]) == (entry_id, "exhausted", 3)
    assert told["firstTime"] < told["lastTime"]


async def has(client: redis.asyncio.Redis, stream: str, length: int) -> bool:
    return await client.xlen(stream) == length
