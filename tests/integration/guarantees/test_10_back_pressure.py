"""Promise 10: memory is bounded, and a server that cannot take events is told to the publisher in bounded time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import redis.asyncio
from tests.support.acl import create_user
from tests.support.conditions import full, read_only
from tests.support.consuming import drained, one_server, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers, publish_numbers
from tests.support.proxy import FaultProxy
from tests.support.servers import StartServer

from sluiceway import Publisher, PublishError, RedisSettings, Retry, Service, Trim, Unavailable
from sluiceway.embedded import EmbeddedServer
from sluiceway.readiness import readiness

Redis = redis.asyncio.Redis
Publish = Callable[[Publisher], Awaitable[Any]]

PATIENCE_SECONDS = 0.3
LONG_SECONDS = 5.0
"""What no call may take: many times the publisher's patience, for a busy machine, yet far from a hang."""


async def one(publisher: Publisher) -> Any:
    return await publisher.publish(Numbered(number=1))


async def many(publisher: Publisher) -> Any:
    return await publisher.publish_many([Numbered(number=number) for number in range(10)])


one_and_many = pytest.mark.parametrize("publish", [one, many])


def refuse(proxy: FaultProxy) -> None:
    proxy.refuse()
    proxy.cut()


# --- a server that cannot be reached --------------------------------------------------------------------------------


@one_server
@one_and_many
@pytest.mark.parametrize("fault", [refuse, FaultProxy.blackhole, FaultProxy.hold_replies])
async def test_an_unreachable_server_is_unavailable_in_bounded_time_and_used_again_when_it_is_back(
    proxy: FaultProxy, publish: Publish, fault: Callable[[FaultProxy], None]
) -> None:
    async with Publisher(proxy.url, "orders", timeout_seconds=PATIENCE_SECONDS) as publisher:
        await publish(publisher)
        fault(proxy)
        began = time.monotonic()

        with pytest.raises(Unavailable, match="stream orders: "):
            await publish(publisher)

        assert time.monotonic() - began < LONG_SECONDS
        await proxy.accept()
        proxy.heal()
        await eventually(lambda: publish(publisher), ignoring=(Unavailable,))


@one_server
@pytest.mark.parametrize("fault", [refuse, FaultProxy.blackhole])
async def test_a_server_that_was_never_there_is_unavailable_in_bounded_time(
    proxy: FaultProxy, fault: Callable[[FaultProxy], None]
) -> None:
    fault(proxy)
    async with Publisher(proxy.url, "orders", timeout_seconds=PATIENCE_SECONDS) as publisher:
        began = time.monotonic()

        with pytest.raises(Unavailable):
            await one(publisher)

        assert time.monotonic() - began < LONG_SECONDS


@one_server
@one_and_many
async def test_of_many_callers_in_an_outage_none_waits_for_the_others(proxy: FaultProxy, publish: Publish) -> None:
    async with Publisher(proxy.url, "orders", timeout_seconds=PATIENCE_SECONDS) as publisher:
        proxy.blackhole()
        began = time.monotonic()

        ended = await asyncio.gather(*(publish(publisher) for _ in range(100)), return_exceptions=True)

        assert {type(outcome) for outcome in ended} == {Unavailable}
        assert time.monotonic() - began < LONG_SECONDS


@one_server
async def test_many_callers_at_once_are_all_served(server: EmbeddedServer, client: Redis) -> None:
    async with Publisher(server.url, "orders") as publisher:
        receipts = await asyncio.gather(*(publisher.publish(Numbered(number=number)) for number in range(500)))

    assert len({receipt.entry_id for receipt in receipts}) == await client.xlen("orders") == 500


@pytest.mark.parametrize("byte", [0, 5])
async def test_a_reply_cut_in_the_middle_is_unavailable_and_publishing_again_has_the_effect_of_once(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis, byte: int
) -> None:
    recorder = Recorder()
    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments")(recorder.answer)
    async with Publisher(proxy.url, "orders") as publisher, running(service, client):
        await publisher.publish(Numbered(number=0))
        proxy.cut_after(byte)

        with pytest.raises(Unavailable):
            await publisher.publish(Numbered(number=1), event_id="order-1")
        await publisher.publish(Numbered(number=1), event_id="order-1")
        await publisher.publish(Numbered(number=2))

        await eventually(lambda: drained(client))
        # The server had taken it before the reply was lost: there are two entries of one identity.
        assert await client.xlen("orders") == 4
    assert await answers(client, "payments") == {0: 1, 1: 1, 2: 1}


@one_server
async def test_a_late_reply_is_never_taken_for_that_of_a_later_event(proxy: FaultProxy, client: Redis) -> None:
    async with Publisher(proxy.url, "orders", timeout_seconds=PATIENCE_SECONDS) as publisher:
        await publisher.publish(Numbered(number=1))
        proxy.hold_replies()
        with pytest.raises(Unavailable):
            await publisher.publish(Numbered(number=2))
        await eventually(lambda: client.xlen("orders"), what="the event whose reply is late")
        proxy.heal()

        receipt = await publisher.publish(Numbered(number=3))

    entries: Any = await client.xrange("orders", receipt.entry_id, receipt.entry_id)
    ((_, fields),) = entries
    assert fields[b"payload"] == b'{"number":3}'


@one_server
async def test_a_slow_network_is_slow_and_nothing_else(proxy: FaultProxy, client: Redis) -> None:
    proxy.delay(0.02)
    proxy.throttle(20_000)
    async with Publisher(proxy.url, "orders", timeout_seconds=20) as publisher:
        await publisher.publish_many([Numbered(number=number) for number in range(50)])

    assert await client.xlen("orders") == 50


# --- a server that refuses ------------------------------------------------------------------------------------------


@contextmanager
def without_replicas(server: EmbeddedServer) -> Iterator[None]:
    """The server wants a replica that it does not have."""
    with redis.Redis.from_url(server.url) as client:
        client.config_set("min-replicas-to-write", 1)
        yield
        client.config_set("min-replicas-to-write", 0)


@one_and_many
@pytest.mark.parametrize(
    ("condition", "words"), [(full, "maxmemory"), (read_only, "read.?only"), (without_replicas, "replicas")]
)
async def test_a_server_that_refuses_for_now_is_unavailable(
    own_server: EmbeddedServer,
    publish: Publish,
    condition: Callable[[EmbeddedServer], AbstractContextManager[None]],
    words: str,
) -> None:
    async with Publisher(own_server.url, "orders") as publisher:
        with condition(own_server), pytest.raises(Unavailable, match=f"(?i){words}") as refused:
            await publish(publisher)

        assert refused.value.retry_after_seconds > 0
        await publish(publisher)


async def test_a_server_that_is_still_loading_is_unavailable_until_it_has_loaded(start_server: StartServer) -> None:
    source = start_server("source", append_only=False, extra=("repl-diskless-sync-delay 0",))
    loading = start_server("loading", append_only=False, extra=("loading-process-events-interval-bytes 1024",))
    async with Redis.from_url(source.url) as client, Redis.from_url(loading.url) as control:
        await client.mset({f"key-{number}": "x" * 100 for number in range(200)})
        await control.config_set("key-load-delay", 10_000)
        async with Publisher(loading.url, "orders", timeout_seconds=20) as publisher:
            await control.replicaof("127.0.0.1", source.port)

            async def refused_as_loading() -> bool:
                with pytest.raises(Unavailable) as refused:
                    await publisher.publish(Numbered(number=1))
                return "loading" in str(refused.value).lower()

            await eventually(refused_as_loading, within_seconds=20)
            await control.config_set("key-load-delay", 0)
            await eventually(lambda: _promoted(control), ignoring=(redis.RedisError,))

            await publisher.publish(Numbered(number=2))


async def _promoted(control: Redis) -> bool:
    await control.replicaof("NO", "ONE")
    return True


async def test_a_wrong_password_is_unavailable_and_says_so_without_the_password(start_server: StartServer) -> None:
    server = start_server(password="right-one")
    async with Publisher(server.url.replace("right-one", "wr0ng-one"), "orders") as publisher:
        # A password that is being rotated is wrong for a while, so it is no error for good.
        with pytest.raises(Unavailable, match="password") as refused:
            await publisher.publish(Numbered(number=1))

    assert "wr0ng" not in str(refused.value)


async def test_a_missing_right_is_an_error_for_good_that_names_it(server: EmbeddedServer) -> None:
    url = create_user(server, "~*", "+@all", "-xadd")
    async with Publisher(url, "orders") as publisher:
        with pytest.raises(PublishError, match=r"stream orders: .*\+xadd") as refused:
            await publisher.publish(Numbered(number=1))

    assert not isinstance(refused.value, Unavailable)


async def test_a_key_of_another_type_is_an_error_for_good(server: EmbeddedServer, client: Redis) -> None:
    await client.set("orders", "no stream")
    async with Publisher(server.url, "orders") as publisher:
        with pytest.raises(PublishError, match=r"stream orders: .*wrong kind") as refused:
            await publisher.publish(Numbered(number=1))

    assert not isinstance(refused.value, Unavailable)


async def test_a_consumer_without_rights_says_which_one_is_missing(server: EmbeddedServer, client: Redis) -> None:
    recorder = Recorder()
    service = Service("payments", create_user(server, "~*", "+@all", "-xreadgroup", name="poor"))
    service.on(Numbered, stream="orders")(recorder.note)
    await publish_numbers(server, "orders", [1])
    async with running(service, client):
        await eventually(lambda: "xreadgroup" in (service.consumers[0].health.fault or ""))

        await client.execute_command("ACL", "SETUSER", "poor", "+xreadgroup")  # type: ignore[no-untyped-call]

        await eventually(lambda: recorder.handled == [1])


# --- the server fills up ----------------------------------------------------------------------------------------------


async def test_a_full_server_drains_and_takes_events_again(start_server: StartServer) -> None:
    server = start_server(append_only=False, max_memory=12_000_000)
    ballast = "x" * 20_000
    recorder = Recorder()
    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments")(recorder.answer)
    service.consume("orders", lease=QUICK, trim=Trim(keep=0, every_seconds=0.1))
    published = 0
    async with Redis.from_url(server.url) as client, Publisher(server.url, "orders") as publisher:
        with pytest.raises(Unavailable, match="maxmemory"):  # noqa: PT012 - it is refused at some turn of the loop
            while published < 5000:
                await publisher.publish(Numbered(number=published), key=ballast)
                published += 1

        # The consumer comes to a full server: its group, its commits and its trimming need memory, too.
        async with service:
            await eventually(lambda: len(recorder.handled) == published, within_seconds=30)
            await eventually(
                lambda: publisher.publish(Numbered(number=published)), ignoring=(Unavailable,), within_seconds=30
            )
            await eventually(lambda: published in recorder.handled)
            await eventually(lambda: drained(client))
        assert await client.xlen("payments") == published + 1


# --- memory -----------------------------------------------------------------------------------------------------------


async def test_entries_in_hand_are_bounded_whatever_the_backlog(server: EmbeddedServer, client: Redis) -> None:
    async with Publisher(server.url, "orders") as publisher:
        await publisher.publish_many([Numbered(number=number) for number in range(2000)])
    service = Service("payments", server.url, grace_seconds=2)
    most = 0

    @service.on(Numbered, stream="orders", concurrency=8)
    async def look(_: Numbered) -> None:
        nonlocal most
        most = max(most, service.consumers[0].holdings.held)
        await asyncio.sleep(0)

    service.consume("orders", in_flight=50)
    async with running(service, client):
        await eventually(lambda: drained(client), within_seconds=30)

    assert 1 < most <= 50


async def test_a_stuck_consumer_leaves_the_rest_of_the_backlog_on_the_server(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder(closed=range(100))
    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", concurrency=5)(recorder.note)
    service.consume("orders", in_flight=20, read_count=20)
    async with Publisher(server.url, "orders") as publisher, running(service, client):
        await publisher.publish_many([Numbered(number=number) for number in range(100)])
        await eventually(lambda: service.consumers[0].holdings.held == 20)
        recorder.open(0)
        await eventually(lambda: recorder.handled == [0])

        (group,) = await client.xinfo_groups("orders")

        assert group["pending"] <= 20
        recorder.open()
        await eventually(lambda: drained(client))


async def test_entries_that_wait_for_a_retry_are_bounded(server: EmbeddedServer, client: Redis) -> None:
    service = Service("payments", server.url, grace_seconds=2)

    @service.on(Numbered, stream="orders", retry=Retry(attempts=2, first_seconds=3600, cap_seconds=3600))
    async def fail(_: Numbered) -> None:
        raise ValueError

    service.consume("orders", in_flight=10, read_count=10, waiting=30)
    async with Publisher(server.url, "orders") as publisher, running(service, client):
        await publisher.publish_many([Numbered(number=number) for number in range(200)])
        await eventually(lambda: service.consumers[0].holdings.waiting >= 30)
        await eventually(lambda: service.consumers[0].holdings.held == 0)

        (group,) = await client.xinfo_groups("orders")

        assert 30 <= group["pending"] <= 30 + 10
        assert readiness(service) == []


@one_server
async def test_while_a_consumer_is_down_events_are_still_taken(server: EmbeddedServer, client: Redis) -> None:
    recorder = Recorder()
    service = Service("payments", RedisSettings(url=server.url))
    service.on(Numbered, stream="orders")(recorder.note)
    async with running(service, client):
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: recorder.handled == [1])

    await publish_numbers(server, "orders", range(2, 100))

    async with running(service, client):
        await eventually(lambda: recorder.handled == list(range(1, 100)))
