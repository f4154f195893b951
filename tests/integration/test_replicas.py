"""`RedisSettings(replicas=…)`: what is published or committed counts once replicas have it."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.acl import create_user, documented_rules
from tests.support.consuming import one_server, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers
from tests.support.servers import StartServer

from sluiceway import NotReplicated, Publisher, PublishError, RedisSettings, Service, Unavailable
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis


class Pair:
    """A server and its replica.

    Args:
        master: The server.
        replica: Follows it.
    """

    def __init__(self, master: EmbeddedServer, replica: EmbeddedServer) -> None:
        self.master = master
        self.replica = replica

    def settings(self, seconds: float = 20) -> RedisSettings:
        """Settings that want the replica to have everything, and wait so long for it."""
        return RedisSettings(url=self.master.url, replicas=1, replica_timeout_seconds=seconds)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the replica stand still, as after a cut network."""
        os.kill(self.replica.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.replica.pid, signal.SIGCONT)


@pytest_asyncio.fixture
async def pair(start_server: StartServer) -> AsyncIterator[Pair]:
    master = start_server("master", append_only=False, extra=("repl-diskless-sync-delay 0",))
    replica = start_server("replica", append_only=False, extra=(f"replicaof 127.0.0.1 {master.port}",))
    async with Redis.from_url(master.url) as client:
        command: Callable[..., Any] = client.execute_command
        await eventually(lambda: command("WAIT", 1, 100), what="the replica follows")
    yield Pair(master, replica)


@asynccontextmanager
async def both(pair: Pair) -> AsyncIterator[tuple[Redis, Redis]]:
    async with Redis.from_url(pair.master.url) as master, Redis.from_url(pair.replica.url) as replica:
        yield master, replica


async def test_what_was_published_is_on_the_replica(pair: Pair) -> None:
    async with both(pair) as (_, replica), Publisher(pair.settings(), "orders") as publisher:
        await publisher.publish(Numbered(number=1))
        assert await replica.xlen("orders") == 1

        await publisher.publish_many([Numbered(number=number) for number in range(1000)])
        assert await replica.xlen("orders") == 1001


async def test_without_the_replica_it_is_told_that_the_event_is_in_the_stream_only(pair: Pair) -> None:
    async with both(pair) as (master, replica):
        with pair.paused():
            async with Publisher(pair.settings(0.3), "orders") as publisher:
                with pytest.raises(NotReplicated, match="it is on the server, but on 0 of 1 replicas after") as told:
                    await publisher.publish(Numbered(number=1), event_id="one")

            assert isinstance(told.value, Unavailable)
            assert (told.value.reached, told.value.wanted) == (0, 1)
            assert await master.xlen("orders") == 1

        async with Publisher(pair.settings(), "orders") as publisher:
            receipt = await publisher.publish(Numbered(number=1), event_id="one")
        assert receipt.entry_id.encode() in [entry_id for entry_id, _ in await entries(replica)]


async def entries(client: Redis) -> Any:
    return await client.xrange("orders")


@one_server
async def test_a_commit_counts_once_the_replica_has_it_and_its_outputs_appear_once(pair: Pair) -> None:
    recorder = Recorder()
    service = Service("payments", pair.settings(0.3), grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments")(recorder.answer)
    service.consume("orders", lease=QUICK)
    async with both(pair) as (master, replica), running(service, master):
        await eventually(lambda: service.consumers[0].health.seconds_without_contact() < 60, what="it is reading")
        with pair.paused():
            async with Publisher(pair.master.url, "orders") as publisher:
                await publisher.publish(Numbered(number=1))
            await eventually(lambda: "on 0 of 1 replicas" in (service.consumers[0].health.fault or ""))
            assert service.consumers[0].stats.settled["handled"] == 0

        await eventually(lambda: service.consumers[0].stats.settled["handled"] == 1)
        assert await answers(replica, "payments") == {1: 1}
        assert recorder.handled == [1]


@one_server
async def test_waiting_takes_one_more_right_which_is_named(pair: Pair) -> None:
    rules = documented_rules("A producer")
    poor = pair.settings().model_copy(update={"url": create_user(pair.master, *rules)})
    async with Publisher(poor, "orders") as publisher:
        with pytest.raises(PublishError, match=r"allow \+wait with ACL SETUSER"):
            await publisher.publish(Numbered(number=1))

    enough = pair.settings().model_copy(update={"url": create_user(pair.master, *rules, "+wait")})
    async with Publisher(enough, "orders") as publisher:
        await publisher.publish(Numbered(number=1))


async def test_nobody_waits_for_replicas_where_none_are_asked_for(pair: Pair) -> None:
    with pair.paused():
        async with Publisher(pair.master.url, "orders") as publisher:
            await publisher.publish(Numbered(number=1))
