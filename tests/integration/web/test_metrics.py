"""`/metrics` tells what happened, number by number."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from aiohttp import web
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, append, publish_numbers
from tests.support.proxy import FaultProxy
from tests.support.web_application import Http, scrape, serving

from sluiceway import Context, Publisher, RedisSettings, Retry, Service
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis


@asynccontextmanager
async def app_of(service: Service, client: Redis, **options: Any) -> AsyncIterator[Http]:
    service.consume("orders", lease=QUICK, **options)
    app = web.Application()
    service.attach(app)
    async with serving(app) as http:
        yield http
        # What is read when the service stops makes it stop at once.
        stopping = asyncio.create_task(http.close())
        await client.xadd("orders", {"type": "WAKE_UP"})
        await stopping


def beginning(metrics: dict[str, float], wanted: dict[str, float]) -> dict[str, float]:
    """The metrics that a test speaks about."""
    return {name: metrics.get(name, -1) for name in wanted}


async def test_every_number_matches_what_happened(server: EmbeddedServer, client: Redis) -> None:
    service = Service("payments", server.url)

    @service.on(Numbered, stream="orders", retry=Retry(attempts=2, first_seconds=0, cap_seconds=0))
    async def handle(event: Numbered, context: Context) -> None:
        if event.number == 10 and context.delivery_count == 1:
            raise ValueError("once")
        if event.number == 11:
            raise ValueError("always")

    # What a consumer that died held has been deleted meanwhile.
    await client.xgroup_create("orders", "payments", id="0", mkstream=True)
    deleted = await append(client, "orders", 12)
    await client.xreadgroup("payments", "dead", {"orders": ">"})
    await client.xdel("orders", deleted)
    wanted: dict[str, float] = {
        # 1 to 5, and 10 at its second start; 1 came twice; 11 failed twice; one entry is no JSON, one is of a type
        # that nobody takes.
        "sluiceway_received_total": 10,
        "sluiceway_handled_total": 6,
        "sluiceway_failed_total": 3,
        "sluiceway_retried_total": 2,
        "sluiceway_dead_lettered_total": 2,
        "sluiceway_duplicates_skipped_total": 1,
        "sluiceway_ignored_total": 1,
        "sluiceway_lost_to_trimming_total": 1,
        "sluiceway_gone_total": 0,
        "sluiceway_leases_lost_total": 0,
        "sluiceway_commit_errors_total": 0,
        "sluiceway_groups_repaired_total": 0,
        "sluiceway_handler_seconds_count": 9,
        "sluiceway_end_to_end_seconds_count": 9,
        "sluiceway_in_flight": 0,
        "sluiceway_waiting": 0,
        "sluiceway_lag": 0,
        "sluiceway_pending": 0,
        "sluiceway_dead_letters": 2,
    }
    async with app_of(service, client) as http, Publisher(server.url, "orders") as publisher:
        await publisher.publish(Numbered(number=1), event_id="first")
        await eventually(lambda: _says(http, sluiceway_handled_total=1))
        await publisher.publish(Numbered(number=1), event_id="first")
        for number in (2, 3, 4, 5, 10, 11):
            await publisher.publish(Numbered(number=number))
        await client.xadd("orders", {"type": "NUMBERED", "payload": "{"})
        await client.xadd("orders", {"type": "SOMETHING_ELSE", "payload": "{}"})

        async def as_wanted() -> bool:
            metrics = await scrape(http)
            assert beginning(metrics, wanted) == wanted
            return True

        await eventually(as_wanted)
        metrics = await scrape(http)

    assert metrics["sluiceway_commit_seconds_count"] >= 3
    assert 0 < metrics["sluiceway_handler_seconds_sum"] < metrics["sluiceway_end_to_end_seconds_sum"] < 60


async def _says(http: Http, **wanted: float) -> bool:
    metrics = await scrape(http)
    return all(metrics.get(name) == value for name, value in wanted.items())


async def test_what_is_in_hand_and_what_waits_on_the_server_are_told_apart(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder(closed=range(5))
    service = Service("payments", server.url)
    service.on(Numbered, stream="orders")(recorder.note)
    async with app_of(service, client, in_flight=2, read_count=2) as http:
        await publish_numbers(server, "orders", range(5))

        await eventually(lambda: _says(http, sluiceway_in_flight=2, sluiceway_pending=2, sluiceway_lag=3))

        recorder.open()
        await eventually(lambda: _says(http, sluiceway_in_flight=0, sluiceway_pending=0, sluiceway_lag=0))


async def test_retries_that_wait_and_groups_that_were_repaired_are_told(server: EmbeddedServer, client: Redis) -> None:
    service = Service("payments", server.url)

    @service.on(Numbered, stream="orders", retry=Retry(first_seconds=3600, cap_seconds=3600))
    async def fail(_: Numbered) -> None:
        raise ValueError

    async with app_of(service, client) as http:
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: _says(http, sluiceway_waiting=1, sluiceway_in_flight=0, sluiceway_pending=1))

        await client.xgroup_destroy("orders", "payments")

        await eventually(lambda: _says(http, sluiceway_groups_repaired_total=1))


@one_server
@pytest.mark.parametrize("silent", [False, True], ids=["refused", "silent"])
async def test_a_backlog_that_cannot_be_asked_for_is_left_out_and_never_zero(
    proxy: FaultProxy, client: Redis, *, silent: bool
) -> None:
    recorder = Recorder()
    service = Service("payments", RedisSettings(url=proxy.url, timeout_seconds=2))
    service.on(Numbered, stream="orders")(recorder.note)
    async with app_of(service, client) as http:
        await eventually(lambda: _says(http, sluiceway_pending=0))
        if silent:
            proxy.blackhole()
        else:
            proxy.refuse()
            proxy.cut()

        metrics = await scrape(http)

        assert not {"sluiceway_lag", "sluiceway_pending", "sluiceway_dead_letters"} & set(metrics)
        assert metrics["sluiceway_in_flight"] == 0
        await proxy.accept()
        proxy.heal()
        await eventually(lambda: _says(http, sluiceway_pending=0, sluiceway_lag=0))


@one_server
async def test_what_a_publisher_s_length_limit_deleted_is_told_to_the_group_that_lost_it(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder(closed=range(20))
    service = Service("payments", server.url)
    service.on(Numbered, stream="orders")(recorder.note)
    async with app_of(service, client, in_flight=1, read_count=1) as http:
        await publish_numbers(server, "orders", [0])
        await eventually(lambda: _says(http, sluiceway_in_flight=1, sluiceway_lost_to_max_length_total=0))

        async with Publisher(server.url, "orders", unsafe_max_length=2) as publisher:
            for number in range(1, 10):
                await publisher.publish(Numbered(number=number))

        # of ten entries the last two are left; the first one is pending and was deleted under its handler's hands
        assert publisher.lost == 8
        assert (await scrape(http))["sluiceway_lost_to_max_length_total"] == 8
        recorder.open()
