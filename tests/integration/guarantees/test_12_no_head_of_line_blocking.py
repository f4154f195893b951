"""Promise 12: a slow handler holds up its own event and nothing else, and memory is bounded whatever the backlog."""

import asyncio

import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.programs.worker import Done, Work
from tests.support.workers import GROUP, STREAM, Worker, numbered, pending, publish, results

from sluiceway import Context, Lease, Retry, Service
from sluiceway.embedded import EmbeddedServer

LEASE = Lease(seconds=60, poll_seconds=0.1)


async def undelivered(client: redis.asyncio.Redis) -> int:
    (info,) = await client.xinfo_groups(STREAM)
    lag: int = info["lag"]
    return lag


async def test_one_slow_handler_delays_neither_the_others_acknowledgement_nor_reading(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    slow, *_ = await publish(server.url, [Work(name="slow", act="wait"), *numbered(300)])
    async with Worker(
        server.url, "me", lease=LEASE, on={"concurrency": 2}, consume={"in_flight": 16, "read_count": 8}
    ) as worker:
        await eventually(lambda: len(worker.finished) == 300)
        await eventually(lambda: pending_is(client, {slow: ("me", 1)}), what="all but the slow one acknowledged")
        assert len(await results(client)) == 300

        worker.open("slow")

        await eventually(lambda: pending_is(client, {}))
    assert (await results(client))[-1] == "slow"


@one_server
async def test_a_slow_handler_of_one_type_does_not_hold_up_another_type(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    gate = asyncio.Event()
    done: list[str] = []
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE, in_flight=16, read_count=8)

    @service.on(Work, stream=STREAM, concurrency=1)
    async def slow(_: Work) -> None:
        await gate.wait()

    @service.on(Done, stream=STREAM, concurrency=1)
    async def quick(event: Done) -> None:
        done.append(event.name)

    (entry_id,) = await publish(server.url, [Work(name="slow")])
    for number in range(100):
        await client.xadd(STREAM, {"type": "DONE", "payload": Done(name=str(number)).encode()})
    async with service:
        await eventually(lambda: len(done) == 100)
        await eventually(lambda: pending_is(client, {entry_id: (service.consumer, 1)}))
        gate.set()
        await eventually(lambda: pending_is(client, {}))


async def test_entries_in_hand_never_exceed_the_bound_whatever_the_backlog(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await publish(server.url, numbered(2000, "wait"))
    async with Worker(
        server.url,
        "me",
        lease=LEASE,
        on={"concurrency": 4},
        consume={"in_flight": 32, "read_count": 10},
        service={"grace_seconds": 0.1},
    ) as worker:
        most = Most(worker)
        for number in range(0, 400, 4):
            await eventually(lambda number=number: len(worker.started) == number + 4)  # type: ignore[misc]
            most.look()
            worker.open(*(str(name) for name in range(number, number + 4)))
        await eventually(lambda: worker.held >= 32 - 10)
        most.look()
        assert most.held <= 32
        assert await undelivered(client) >= 2000 - 400 - 32


async def test_events_that_wait_for_a_retry_are_bounded_as_well(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE, in_flight=16, read_count=8, waiting=50)
    failed: list[str] = []

    @service.on(Work, stream=STREAM, retry=Retry(attempts=2, first_seconds=600, cap_seconds=600))
    async def fail(work: Work, _: Context) -> None:
        failed.append(work.name)
        raise ValueError(work.name)

    await publish(server.url, numbered(1000))
    async with service:
        holdings = service.consumers[0].holdings
        await eventually(lambda: holdings.waiting >= 50)
        await eventually(lambda: holdings.held == 0, what="all that was read has failed")
        read = len(failed)
        assert 50 <= holdings.waiting <= 50 + 16
        assert await undelivered(client) == 1000 - read


class Most:
    """The most entries a worker was seen with; looks also whenever one of its handlers is done."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.held = 0
        worker.service.consumers[0].holdings.on_drop(lambda _: self.look())

    def look(self) -> None:
        self.held = max(self.held, self._worker.held)


async def pending_is(client: redis.asyncio.Redis, wanted: dict[str, tuple[str, int]]) -> bool:
    return await pending(client) == wanted
