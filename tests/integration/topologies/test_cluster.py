"""On a cluster: slots that move and masters that die cost a wait, and outputs reach streams of any slot once in effect."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import redis.asyncio
from aiohttp import web
from tests.support.cluster import Cluster, command
from tests.support.consuming import drained
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER, start_program
from tests.support.insistent import Insistent
from tests.support.numbered import QUICK, Answered, Numbered, Recorder, answers
from tests.support.processes import Programs
from tests.support.web_application import serving

from sluiceway import Context, Event, Lease, Publisher, Reject, Retry, Service, Trim, Unavailable
from sluiceway.deadletters import DeadLetters
from sluiceway.keys import GroupKeys

PAYMENTS = "payments"
_TRANSIENT = (redis.RedisError, OSError)


class Notified(Event, type="NOTIFIED"):
    """The last effect of a flow of two services."""

    number: int


def paying(cluster: Cluster, orders: str, payments: str, recorder: Recorder, lease: Lease = QUICK) -> Service:
    """The first service: each order is answered on another stream."""
    service = Service(PAYMENTS, cluster.url, grace_seconds=1.0)
    service.on(Numbered, stream=orders, publishes=payments)(recorder.answer)
    service.consume(orders, lease=lease)
    return service


def notifying(cluster: Cluster, payments: str, notices: str) -> Service:
    """The second service, which consumes what the first one published."""
    service = Service("notifications", cluster.url, grace_seconds=1.0)

    @service.on(Answered, stream=payments, publishes=notices)
    async def notify(answered: Answered) -> Notified:
        return Notified(number=answered.number)

    service.consume(payments, lease=QUICK)
    return service


async def entries(client: redis.asyncio.RedisCluster, stream: str) -> list[dict[bytes, bytes]]:
    found: Any = await client.xrange(stream)
    return [fields for _, fields in found]


async def numbers_in(client: redis.asyncio.RedisCluster, stream: str) -> set[int]:
    return {Numbered.decode(fields[b"payload"]).number for fields in await entries(client, stream)}


async def until_drained(client: redis.asyncio.RedisCluster, stream: str, group: str) -> None:
    await eventually(
        lambda: drained(client, stream, group),  # type: ignore[arg-type]  # the same commands, spread over nodes
        within_seconds=40,
        what=f"{group} settles all of {stream}",
        ignoring=_TRANSIENT,
    )


async def counted(client: redis.asyncio.RedisCluster, stream: str) -> Counter[int]:
    return await answers(client, stream)  # type: ignore[arg-type]  # the same commands, spread over nodes


async def test_a_slot_that_moves_and_a_master_that_dies_under_load_lose_nothing_and_double_no_effect(
    cluster: Cluster,
) -> None:
    first, second, third = cluster.masters
    orders, payments = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    notices = f"{{{payments}}}.notices"
    recorder = Recorder()
    async with (
        cluster.client() as client,
        Insistent(cluster.url, orders) as publisher,
        paying(cluster, orders, payments, recorder),
        paying(cluster, orders, payments, recorder),
        notifying(cluster, payments, notices),
    ):
        await publisher.more(100)

        cluster.begin_move(payments, second, third)
        await publisher.more(20)
        cluster.move_keys(second, third, payments)
        await publisher.more(20)
        cluster.end_move(payments, second, third)
        assert cluster.serving(payments) is third
        await publisher.more(20)

        command(first, "SET", f"{{{orders}}}:mark", "1")
        assert command(first, "WAIT", 1, 20_000) == 1
        safe = set(publisher.acknowledged)
        first.kill()
        await eventually(lambda: publisher.refusals > 0, within_seconds=20)
        accepted_before = len(publisher.acknowledged)
        await cluster.promoted()
        await publisher.more(100)

        await publisher.stop()
        await until_drained(client, orders, PAYMENTS)
        await until_drained(client, payments, "notifications")
        there = await numbers_in(client, orders)
        notified = await counted(client, notices)
    assert safe | set(publisher.acknowledged[accepted_before:]) <= there
    assert set(notified) >= there
    assert set(notified.values()) == {1}


@ON_ONE_SERVER
async def test_a_planned_failover_under_load_loses_nothing_and_doubles_nothing(cluster: Cluster) -> None:
    orders = cluster.stream_on(cluster.masters[0], "orders")
    payments = f"{{{orders}}}.payments"
    async with (
        cluster.client() as client,
        Insistent(cluster.url, orders) as publisher,
        paying(cluster, orders, payments, Recorder(), Lease(seconds=30)),
    ):
        await publisher.more(100)

        command(cluster.replica, "CLUSTER", "FAILOVER")
        await eventually(lambda: cluster.serving(orders) is cluster.replica, within_seconds=30)
        await publisher.more(100)

        await publisher.stop()
        await until_drained(client, orders, PAYMENTS)
        assert await numbers_in(client, orders) >= set(publisher.acknowledged)
        assert await counted(client, payments) == dict.fromkeys(await numbers_in(client, orders), 1)


@ON_ONE_SERVER
async def test_a_crash_between_publishing_outputs_and_the_acknowledgement_doubles_no_effect_downstream(
    cluster: Cluster, programs: Programs
) -> None:
    first, second, _ = cluster.masters
    orders, payments = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    notices = f"{{{payments}}}.notices"
    async with cluster.client() as client:
        async with Publisher(cluster.url, orders) as publisher:
            await publisher.publish_many([Numbered(number=number) for number in range(3)])
        doomed = start_program(programs, "dies_before_commit", cluster.url, orders, payments)
        assert await doomed.ended() == -9
        published = await entries(client, payments)
        assert published

        async with paying(cluster, orders, payments, Recorder()), notifying(cluster, payments, notices):
            await until_drained(client, orders, PAYMENTS)
            await until_drained(client, payments, "notifications")

        again = await entries(client, payments)
        assert len(again) == len(published) + 3
        assert len({fields[b"id"] for fields in again}) == 3
        assert await counted(client, notices) == dict.fromkeys(range(3), 1)


@ON_ONE_SERVER
async def test_outputs_of_the_entry_s_own_slot_and_of_another_one_are_published_once_each(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    orders, payments = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    beside = f"{{{orders}}}.audit"
    service = Service(PAYMENTS, cluster.url)

    @service.on(Numbered, stream=orders, publishes=payments)
    async def pay(order: Numbered, context: Context) -> Answered:
        context.publish(Answered(number=order.number + 100), stream=beside)
        return Answered(number=order.number)

    async with cluster.client() as client, service, Publisher(cluster.url, orders) as publisher:
        await publisher.publish_many([Numbered(number=number) for number in range(300)])
        await until_drained(client, orders, PAYMENTS)

        assert await counted(client, payments) == dict.fromkeys(range(300), 1)
        assert await counted(client, beside) == dict.fromkeys(range(100, 400), 1)


@ON_ONE_SERVER
async def test_a_dead_node_of_the_outputs_is_waited_for_and_no_handler_runs_again(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    orders, payments = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    recorder = Recorder()
    # One that served slots is missing, which by default stops all others as well.
    for node in (first, cluster.masters[2]):
        command(node, "CONFIG", "SET", "cluster-require-full-coverage", "no")
    async with (
        cluster.client() as client,
        paying(cluster, orders, payments, recorder, Lease(seconds=60)) as service,
        Publisher(cluster.url, orders) as publisher,
    ):
        second.kill()
        await publisher.publish_many([Numbered(number=number) for number in range(5)])
        await eventually(lambda: "publish of outputs" in (service.consumers[0].health.fault or ""), within_seconds=20)
        second.start()

        await until_drained(client, orders, PAYMENTS)
        assert set(await counted(client, payments)) == set(range(5))
    assert sorted(recorder.begun) == list(range(5))


@ON_ONE_SERVER
async def test_an_output_stream_of_another_slot_that_refuses_holds_back_its_own_events_only(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    orders, payments = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    runs: Counter[int] = Counter()
    service = Service(PAYMENTS, cluster.url)

    @service.on(Numbered, stream=orders, publishes=payments)
    async def pay(order: Numbered) -> Answered | None:
        runs[order.number] += 1
        return Answered(number=order.number) if order.number < 2 else None

    async with cluster.client() as client, service, Publisher(cluster.url, orders) as publisher:
        await client.set(payments, "no stream")
        await publisher.publish_many([Numbered(number=number) for number in range(5)])
        stats = service.consumers[0].stats
        await eventually(lambda: stats.settled["handled"] == 3 and stats.commit_errors >= 2)

        await client.delete(payments)

        await until_drained(client, orders, PAYMENTS)
        assert await counted(client, payments) == {0: 1, 1: 1}
    assert runs == dict.fromkeys(range(5), 1)


@ON_ONE_SERVER
async def test_a_full_node_takes_the_outputs_of_consumers_and_refuses_what_comes_from_outside(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    orders, payments = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    async with cluster.client() as client, Publisher(cluster.url, orders) as publisher:
        command(second, "CONFIG", "SET", "maxmemory", 1)
        await publisher.publish_many([Numbered(number=number) for number in range(5)])

        async with paying(cluster, orders, payments, Recorder()):
            await until_drained(client, orders, PAYMENTS)

        assert await counted(client, payments) == dict.fromkeys(range(5), 1)
        async with Publisher(cluster.url, payments) as outside:
            with pytest.raises(Unavailable, match="maxmemory"):
                await outside.publish(Answered(number=5))


@ON_ONE_SERVER
async def test_a_service_may_read_streams_of_different_slots_and_tells_the_lag_of_each(cluster: Cluster) -> None:
    streams = [cluster.stream_on(master, "orders") for master in cluster.masters]
    recorder = Recorder()
    service = Service(PAYMENTS, cluster.url)
    for stream in streams:
        service.on(Numbered, stream=stream)(recorder.note)
    app = web.Application()
    service.attach(app)
    async with serving(app) as http:
        for number, stream in enumerate(streams):
            async with Publisher(cluster.url, stream) as publisher:
                await publisher.publish(Numbered(number=number))
        await eventually(lambda: sorted(recorder.handled) == [0, 1, 2])

        async def told() -> bool:
            async with http.get("/metrics") as response:
                text = await response.text()
            return all(f'sluiceway_lag{{group="{PAYMENTS}",stream="{stream}"}} 0.0' in text for stream in streams)

        # What is not told within a second is left out.
        await eventually(told)


@ON_ONE_SERVER
async def test_retries_dead_letters_replays_and_trimming_work_in_any_slot(cluster: Cluster) -> None:
    orders = cluster.stream_on(cluster.masters[2], "orders")
    fails = True
    service = Service(PAYMENTS, cluster.url)
    service.consume(orders, lease=QUICK, trim=Trim(keep=1, every_seconds=0.05))

    @service.on(Numbered, stream=orders, retry=Retry(attempts=2, first_seconds=0.01))
    async def pay(order: Numbered) -> None:
        if fails and order.number == 1:
            raise ValueError("not now")
        if fails and order.number == 2:
            raise Reject("never")

    keys = GroupKeys(orders, PAYMENTS)
    async with cluster.client() as client, DeadLetters(cluster.url, orders, PAYMENTS) as letters, service:
        async with Publisher(cluster.url, orders, unsafe_max_length=50) as publisher:
            await publisher.publish_many([Numbered(number=number) for number in range(10)])
        await eventually(lambda: client.xlen(keys.dead))
        await until_drained(client, orders, PAYMENTS)
        reasons = sorted([letter.provenance["reason"] async for letter in letters.list()])
        assert reasons == ["exhausted", "rejected"]

        fails = False
        assert await letters.replay_all() == 2

        stats = service.consumers[0].stats
        await eventually(lambda: stats.settled["handled"] == 10)
        await eventually(lambda: stats.trimmed == 9)
    assert stats.retried == 1
