"""Promise 13: a batch handler answers for each of its events."""

import asyncio
from collections.abc import Callable
from typing import Any

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

from sluiceway import Batch, Retry, Service
from sluiceway.embedded import EmbeddedServer


class Takes:
    """A batch handler that keeps what it was given, and then does as the test says."""

    def __init__(self, act: Callable[[Batch[Note]], Any]) -> None:
        self._act = act
        self.batches: list[list[tuple[int, int]]] = []
        """Number and delivery count of each event, call by call."""

    async def handle(self, batch: Batch[Note]) -> Any:
        self.batches.append([(item.event.number, item.context.delivery_count) for item in batch])
        result = self._act(batch)
        return await result if asyncio.iscoroutine(result) else result


def consuming(server: EmbeddedServer, takes: Takes, *, batch: int = 10, **options: Any) -> Service:
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE)
    options = {"concurrency": 1, "batch_wait_seconds": 0, "retry": Retry(attempts=2, first_seconds=0.01), **options}
    service.on(Note, stream=STREAM, publishes="echoes", batch=batch, **options)(takes.handle)
    return service


def echo(batch: Batch[Note]) -> None:
    for item in batch:
        item.context.publish(Echo(number=item.event.number))


async def test_each_event_is_done_tried_again_or_rejected_as_the_handler_says(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    def sort(batch: Batch[Note]) -> None:
        echo(batch)
        for item in batch:
            if item.event.number == 3 and item.context.delivery_count == 1:
                batch.retry(item, after_seconds=0.05)
            if item.event.number == 5:
                batch.reject(item, reason="five is right out")

    takes = Takes(sort)
    for number in range(10):
        await add(client, number)

    async with running(consuming(server, takes), client):
        await until_drained(client)

    assert takes.batches == [[(number, 1) for number in range(10)], [(3, 2)]]
    assert await numbers_on(client, "echoes") == [0, 1, 2, 4, 6, 7, 8, 9, 3]
    [letter] = await dead_letters(server.url)
    assert (letter.provenance["reason"], letter.provenance["error"]) == ("rejected", "five is right out")
    assert dict(letter.fields)[b"payload"] == b'{"number":5}'


async def test_the_good_ones_are_committed_together(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    def all_but_one(batch: Batch[Note]) -> None:
        echo(batch)
        for item in batch:
            if item.event.number == 5:
                batch.retry(item, after_seconds=600)

    for number in range(10):
        await add(client, number)

    service = consuming(server, Takes(all_but_one))
    async with running(service, client):
        await eventually(lambda: client.xlen("echoes"), what="the first outputs")
        assert sorted(await numbers_on(client, "echoes")) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
        assert await pending(client) == 1
        commits = service.consumers[0].stats.commit_seconds
        await eventually(lambda: sum(commits.counts) == 1, what="one commit is counted")


@one_server
async def test_an_exception_fails_those_that_were_not_named(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    def stumble(batch: Batch[Note]) -> None:
        echo(batch)
        if len(batch) == 10:
            by_number = {item.event.number: item for item in batch}
            batch.retry(by_number[3], after_seconds=0.3)
            batch.reject(by_number[5], reason="no")
            raise ValueError("in the middle")

    takes = Takes(stumble)
    for number in range(10):
        await add(client, number)

    service = consuming(server, takes, retry=Retry(attempts=2, first_seconds=0.01, jitter=0))
    async with running(service, client):
        await until_drained(client)

    again = [entry for batch in takes.batches[1:] for entry in batch]
    assert sorted(again) == [(number, 2) for number in range(10) if number != 5]
    assert again[-1] == (3, 2), "what it said of an event counts, not the exception"
    assert sorted(await numbers_on(client, "echoes")) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    [letter] = await dead_letters(server.url)
    assert letter.provenance["error"] == "no"


@one_server
async def test_an_event_that_was_tried_again_too_often_is_a_dead_letter(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    def never(batch: Batch[Note]) -> None:
        for item in batch:
            if item.event.number == 1:
                batch.retry(item, after_seconds=0)

    takes = Takes(never)
    for number in range(3):
        await add(client, number)

    async with running(consuming(server, takes), client):
        await until_drained(client)

    assert takes.batches == [[(0, 1), (1, 1), (2, 1)], [(1, 2)]]
    [letter] = await dead_letters(server.url)
    assert (letter.provenance["reason"], letter.provenance["starts"]) == ("exhausted", 2)


@one_server
async def test_outputs_of_what_is_not_done_are_not_published(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    def reject_all(batch: Batch[Note]) -> None:
        echo(batch)
        for item in batch:
            batch.reject(item, reason="no")

    for number in range(3):
        await add(client, number)

    async with running(consuming(server, Takes(reject_all)), client):
        await until_drained(client)

    assert not await client.exists("echoes")
    assert await client.xlen(KEYS.dead) == 3


@one_server
async def test_an_output_carries_the_flow_of_its_own_event(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    for number in range(3):
        await add(client, number, id=f"e-{number}", correlationId=f"c-{number}")

    async with running(consuming(server, Takes(echo)), client):
        await until_drained(client)

    entries: Any = await client.xrange("echoes")
    flows = [(fields[b"payload"], fields[b"correlationId"], fields[b"causationId"]) for _, fields in entries]
    assert flows == [(b'{"number":%d}' % each, b"c-%d" % each, b"e-%d" % each) for each in range(3)]


@one_server
async def test_a_batch_is_never_larger_than_asked_for(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    takes = Takes(echo)
    for number in range(25):
        await add(client, number)

    async with running(consuming(server, takes), client):
        await until_drained(client)

    assert [len(batch) for batch in takes.batches] == [10, 10, 5]


@one_server
async def test_a_batch_waits_for_more_events_before_it_starts(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    takes = Takes(echo)

    service = consuming(server, takes, batch=3, batch_wait_seconds=600)
    async with running(service, client):
        await add(client, 0)
        await eventually(lambda: service.consumers[0].holdings.held == 1, what="the first one is here")
        await add(client, 1)
        await eventually(lambda: service.consumers[0].holdings.held == 2, what="the second one is here")
        assert not takes.batches
        await add(client, 2)
        await until_drained(client)

    assert takes.batches == [[(0, 1), (1, 1), (2, 1)]]


@one_server
async def test_a_batch_that_does_not_fill_starts_when_its_wait_is_over(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    takes = Takes(echo)
    await add(client, 0)
    await add(client, 1)

    async with running(consuming(server, takes, batch=3, batch_wait_seconds=0.1), client):
        await until_drained(client)

    assert takes.batches == [[(0, 1), (1, 1)]]


@one_server
async def test_what_waits_for_a_batch_to_fill_is_handed_back_unstarted_at_a_stop(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    slow, quick = Takes(echo), Takes(echo)
    await add(client, 0)

    service = consuming(server, slow, batch=3, batch_wait_seconds=600)
    async with running(service, client):
        await eventually(lambda: service.consumers[0].holdings.held == 1, what="it is here")
    assert await pending(client) >= 1
    async with running(consuming(server, quick), client):
        await until_drained(client)

    assert not slow.batches
    assert quick.batches == [[(0, 1)]], "it counts as never started"


@one_server
async def test_a_batch_past_its_time_limit_is_cancelled_and_all_of_it_fails(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    cancelled: list[int] = []

    async def hang(batch: Batch[Note]) -> None:
        echo(batch)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(len(batch))
            raise

    for number in range(3):
        await add(client, number)

    async with running(consuming(server, Takes(hang), timeout_seconds=0.1), client):
        await until_drained(client)

    assert sum(cancelled) == 6, "each of three events, twice"
    assert not await client.exists("echoes")
    letters = await dead_letters(server.url)
    assert [letter.provenance["errorType"] for letter in letters] == ["TimeoutError"] * 3


@one_server
async def test_what_a_batch_named_before_its_time_was_up_counts(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async def reject_and_hang(batch: Batch[Note]) -> None:
        for item in batch:
            if item.event.number == 0:
                batch.reject(item, reason="no")
        if item.context.delivery_count == 1:
            await asyncio.get_running_loop().create_future()

    takes = Takes(reject_and_hang)
    for number in range(3):
        await add(client, number)

    async with running(consuming(server, takes, timeout_seconds=0.1), client):
        await until_drained(client)

    assert sorted(entry for batch in takes.batches for entry in batch) == [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2)]
    [letter] = await dead_letters(server.url)
    assert letter.provenance["reason"] == "rejected"


@one_server
async def test_a_batch_handler_that_returns_something_is_told_how_to_publish(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await add(client, 0)

    async with running(consuming(server, Takes(lambda _: [Echo(number=1)])), client):
        await until_drained(client)

    [letter] = await dead_letters(server.url)
    assert "item.context.publish" in letter.provenance["error"]
    assert not await client.exists("echoes")


@one_server
async def test_a_bad_entry_never_gets_into_a_batch(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    takes = Takes(echo)
    for number in range(4):
        await add(client, number, **({"version": "9"} if number == 2 else {}))

    async with running(consuming(server, takes), client):
        await until_drained(client)

    assert takes.batches == [[(0, 1), (1, 1), (3, 1)]]
    assert await client.xlen(KEYS.dead) == 1
