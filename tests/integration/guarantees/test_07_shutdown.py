"""Promise 7: a consumer that stops finishes what runs, hands back the rest, and leaves nothing under its name.

Leases are long here, so whatever another consumer gets soon was handed back, not taken after the lease ran out.
"""

import asyncio
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.processes import Programs
from tests.support.programs.worker import Work
from tests.support.proxy import FaultProxy
from tests.support.workers import (
    GROUP,
    STREAM,
    Worker,
    arguments,
    consumer_names,
    numbered,
    pending,
    publish,
    results,
)

from sluiceway import Context, Lease, RedisSettings, Retry, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import RELEASED, GroupKeys
from sluiceway.scripts import load

LEASE = Lease(seconds=60, poll_seconds=0.1)
DEFAULT_POLLING = Lease(seconds=60)
REPLAY = GroupKeys(STREAM, GROUP).replay
NOWHERE = "redis://127.0.0.1:1"


@one_server
async def test_after_sigterm_it_reads_no_more_finishes_what_runs_and_hands_back_the_rest(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, tmp_path: Path
) -> None:
    ids = await publish(server.url, numbered(4, "wait"))
    program = programs.start(*arguments(tmp_path, {"redis": server.url, "consumer": "first", "concurrency": 2}))
    await program.line('"started", "name": "1"')

    program.terminate()

    # A blocking read lasts a second, and may bring entries that came while it was under way.
    await eventually(lambda: silent_for(client, "first", 2500), what="the last read is over")
    late = await publish(server.url, [Work(name="late")])
    (tmp_path / "0").touch()
    (tmp_path / "1").touch()
    await program.exits(0)
    assert [record["name"] for record in program.records if record.get("step") == "started"] == ["0", "1"]
    assert sorted(await results(client)) == ["0", "1"]
    assert await pending(client) == {ids[2]: (RELEASED, 0), ids[3]: (RELEASED, 0)}
    assert await consumer_names(client) == set()
    (group,) = await about_groups(client)
    assert group["last-delivered-id"].decode() == ids[3] < late[0]


async def test_what_was_handed_back_is_taken_by_another_consumer_within_about_a_second(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await publish(server.url, [Work(name="running", act="wait"), *numbered(20)])
    leaving = Worker(server.url, "leaving", lease=DEFAULT_POLLING)
    await leaving.service.start()
    await eventually(lambda: leaving.held == 21)
    async with Worker(server.url, "staying", lease=DEFAULT_POLLING) as staying:
        await eventually(lambda: staying.service.consumers[0].health.seconds_without_contact() < 60)
        stopping = asyncio.create_task(leaving.service.stop())
        await eventually(lambda: leaving.service.consumers[0].stopping)
        leaving.open("running")
        await stopping
        stopped = time.monotonic()
        await eventually(lambda: len(staying.finished) == 20)
        assert time.monotonic() - stopped < 10, "a fraction of the lease"
        assert staying.counts == [1] * 20
    assert leaving.finished == ["running"]
    assert Counter(await results(client)) == Counter({"running": 1, **{str(number): 1 for number in range(20)}})


async def test_a_clean_stop_leaves_nothing_pending_under_its_name_and_the_name_is_gone(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await publish(server.url, numbered(50, "wait"))
    async with Worker(server.url, "me", lease=LEASE, on={"concurrency": 3}, service={"grace_seconds": 0.1}) as worker:
        await eventually(lambda: worker.held == 50 and len(worker.started) == 3)
        assert await consumer_names(client) == {"me"}
    assert await consumer_names(client) == set()
    assert await consumer_names(client, REPLAY) == set()
    owners = await pending(client)
    assert {owner for owner, _ in owners.values()} == {RELEASED}
    assert [count for _, count in owners.values()] == [1, 1, 1, *([0] * 47)], "only what was started counts a start"


@one_server
async def test_a_handler_that_outlives_the_grace_period_is_cancelled_and_its_entry_handed_back(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    (entry_id,) = await publish(server.url, [Work(name="slow", act="wait")])
    worker = Worker(server.url, "me", lease=LEASE, service={"grace_seconds": 0.2})
    await worker.service.start()
    await eventually(lambda: worker.started == ["slow"])
    async with asyncio.timeout(15):
        await worker.service.stop()
    assert worker.cancelled == ["slow"]
    assert await pending(client) == {entry_id: (RELEASED, 1)}
    assert await results(client) == []


@one_server
async def test_a_handler_that_swallows_its_cancellation_holds_up_the_stop_no_longer_than_it_runs(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    service = Service(GROUP, redis=server.url, grace_seconds=0.1)
    service.consume(STREAM, lease=LEASE)
    begun = asyncio.Event()

    @service.on(Work, stream=STREAM)
    async def stubborn(_: Work) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    await publish(server.url, numbered(1))
    await service.start()
    await begun.wait()
    workers = [task for task in asyncio.all_tasks() if "stubborn" in task.get_name()]
    await service.stop()
    assert all(task.done() for task in workers)
    assert await consumer_names(client) == set()


async def test_rolling_restarts_under_load_count_no_start_that_was_none(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    stop_feeding = asyncio.Event()
    feeding = asyncio.create_task(feed(server, client, stop_feeding))
    options: dict[str, Any] = {
        "lease": LEASE,
        "on": {"concurrency": 4, "retry": Retry(attempts=2)},
        "consume": {"in_flight": 64, "read_count": 16},
    }
    workers = [Worker(server.url, f"life {number}", **options) for number in range(11)]
    await workers[0].service.start()
    for leaving, coming in pairwise(workers):
        await eventually(lambda leaving=leaving: leaving.held >= 32, within_seconds=30)  # type: ignore[misc]
        await coming.service.start()
        await leaving.service.stop()
    stop_feeding.set()
    published = await feeding
    await eventually(lambda: all_settled(client, published), within_seconds=30)
    await workers[-1].service.stop()

    assert await client.xlen(GroupKeys(STREAM, GROUP).dead) == 0
    assert sum(worker.started == [] for worker in workers[:-1]) == 0, "each life did some of the work"
    assert {count for worker in workers for count in worker.counts} == {1}
    assert Counter(await results(client)) == Counter(str(number) for number in range(published))


@one_server
async def test_a_start_that_is_under_way_at_the_stop_is_undone(
    server: EmbeddedServer, client: redis.asyncio.Redis, proxy: FaultProxy
) -> None:
    # Otherwise the reply that is held back would say that the script is not there.
    await client.script_load(load("start").source)
    (entry_id,) = await publish(server.url, numbered(1))
    service = Service(GROUP, redis=proxy.url, consumer="me", grace_seconds=1)
    # With its one entry in hand or waiting it reads nothing more, so its stop has no read to wait for.
    service.consume(STREAM, lease=LEASE, in_flight=1, waiting=1)
    starts: list[int] = []

    @service.on(Work, stream=STREAM, retry=Retry(attempts=9, first_seconds=0.3))
    async def fail(_: Work, context: Context) -> None:
        starts.append(context.delivery_count)
        raise ValueError

    await service.start()
    await eventually(lambda: service.consumers[0].holdings.waiting == 1)
    proxy.hold_replies()
    await eventually(lambda: owners_are(client, {entry_id: ("me", 2)}), what="the second start counted")
    stopping = asyncio.create_task(service.stop())
    for _ in range(200):
        await asyncio.sleep(0)
    proxy.heal()
    await stopping

    assert starts == [1]
    assert await pending(client) == {entry_id: (RELEASED, 1)}


@one_server
async def test_a_start_under_a_name_that_owns_entries_hands_those_back_first(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await publish(server.url, numbered(3))
    await client.xgroup_create(STREAM, GROUP, "0")
    await client.xreadgroup(GROUP, "pod-0", {STREAM: ">"})
    async with Worker(server.url, "pod-0", lease=LEASE) as worker:
        await eventually(lambda: len(worker.finished) == 3, what="entries of an earlier life, long before their lease")
        assert worker.service.consumers[0].stats.released == 3
    assert sorted(await results(client)) == ["0", "1", "2"]


@one_server
@pytest.mark.parametrize("fault", ["refused", "silent"])
async def test_a_stop_while_the_server_is_away_ends_in_bounded_time(
    server: EmbeddedServer, client: redis.asyncio.Redis, proxy: FaultProxy, fault: str
) -> None:
    works = [Work(name="settled"), Work(name="too late", act="wait"), Work(name="too slow", act="wait")]
    _, *left = await publish(server.url, works)
    settings = RedisSettings(url=proxy.url, timeout_seconds=1.5)
    worker = Worker(settings, "me", lease=LEASE, on={"concurrency": 2}, service={"grace_seconds": 0.5})
    await worker.service.start()
    await eventually(lambda: worker.started == ["settled", "too late", "too slow"])
    await eventually(lambda: owners_are(client, dict.fromkeys(left, ("me", 1))))
    if fault == "refused":
        proxy.refuse()
        proxy.cut()
    else:
        proxy.blackhole()

    worker.open("too late")
    async with asyncio.timeout(25):
        await worker.service.stop()

    assert (worker.finished, worker.cancelled) == (["settled", "too late"], ["too slow"])
    assert await pending(client) == dict.fromkeys(left, ("me", 1)), "left to their leases"


async def test_a_service_that_never_reached_its_server_stops_in_bounded_time() -> None:
    worker = Worker(NOWHERE, "me", lease=LEASE)
    await worker.service.start()
    async with asyncio.timeout(15):
        await worker.service.stop()
    assert worker.started == []


async def test_a_stop_before_a_start_and_a_second_stop_do_nothing() -> None:
    service = Worker(NOWHERE, "me", lease=LEASE).service
    await service.stop()
    await service.stop()
    assert service.consumers == ()


async def feed(server: EmbeddedServer, client: redis.asyncio.Redis, enough: asyncio.Event) -> int:
    """Keep some 100 entries ahead of the consumers until told to stop; return how many there are."""
    published = 0
    while not enough.is_set():
        if published - len(await results(client)) < 100:
            await publish(server.url, [Work(name=str(published + number), act="toil") for number in range(20)])
            published += 20
        else:
            await asyncio.sleep(0.005)
    return published


async def about_groups(client: redis.asyncio.Redis) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = await client.xinfo_groups(STREAM)
    return groups


async def silent_for(client: redis.asyncio.Redis, name: str, milliseconds: int) -> bool:
    consumers: Any = await client.xinfo_consumers(STREAM, GROUP)
    return any(each["name"] == name.encode() and each["idle"] > milliseconds for each in consumers)


async def all_settled(client: redis.asyncio.Redis, published: int) -> bool:
    return len(await results(client)) >= published and not await pending(client)


async def owners_are(client: redis.asyncio.Redis, wanted: dict[str, tuple[str, int]]) -> bool:
    return await pending(client) == wanted
