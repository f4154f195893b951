"""The fault proxy does to real connections what it says."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from tests.support.eventually import eventually
from tests.support.proxy import FaultProxy

from sluiceway.embedded import EmbeddedServer


@pytest_asyncio.fixture
async def through(proxy: FaultProxy) -> AsyncIterator[redis.asyncio.Redis]:
    """A client that goes through the proxy, on one connection, and never tries twice."""
    async with redis.asyncio.Redis.from_url(
        proxy.url, single_connection_client=True, retry=Retry(NoBackoff(), 0), protocol=2
    ) as client:
        yield client


async def test_it_passes_requests_and_replies_of_any_size(proxy: FaultProxy, through: redis.asyncio.Redis) -> None:
    large = bytes(range(256)) * 20_000

    await through.set("large", large)

    assert await through.get("large") == large
    assert proxy.reply_bytes > len(large)


async def test_a_cut_closes_open_connections_and_serves_new_ones(
    proxy: FaultProxy, through: redis.asyncio.Redis
) -> None:
    await through.ping()

    proxy.cut()

    await eventually(lambda: proxy.connections == 0)
    with pytest.raises(redis.ConnectionError):
        await through.ping()
    assert await through.ping()
    assert proxy.accepted == 2


async def test_a_reply_is_cut_after_the_given_number_of_bytes(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.cut_after(3)

    writer.write(b"PING\r\n")

    assert await reader.read() == b"+PO"
    writer.close()


async def test_a_command_whose_reply_was_cut_has_been_carried_out(
    proxy: FaultProxy, through: redis.asyncio.Redis, client: redis.asyncio.Redis
) -> None:
    await through.ping()
    proxy.cut_after(1)

    with pytest.raises(redis.ConnectionError):
        await through.set("a", "1")

    assert await client.get("a") == b"1"
    assert await through.set("a", "2")


async def test_a_blackhole_keeps_requests_from_the_server_until_it_heals(
    proxy: FaultProxy, through: redis.asyncio.Redis, client: redis.asyncio.Redis
) -> None:
    await through.ping()
    proxy.blackhole()
    waiting = asyncio.ensure_future(through.set("a", "1"))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    assert await client.get("a") is None

    proxy.heal()

    assert await waiting
    assert await client.get("a") == b"1"


async def test_a_blackhole_accepts_connections_and_never_answers(proxy: FaultProxy) -> None:
    proxy.blackhole()

    async with redis.asyncio.Redis.from_url(proxy.url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)) as client:
        with pytest.raises(redis.TimeoutError):
            await client.ping()

    assert proxy.accepted >= 1


async def test_held_replies_arrive_after_the_command_was_carried_out(
    proxy: FaultProxy, through: redis.asyncio.Redis, client: redis.asyncio.Redis
) -> None:
    await through.ping()
    proxy.hold_replies()

    waiting = asyncio.ensure_future(through.set("a", "1"))

    await eventually(lambda: client.get("a"))
    assert not waiting.done()
    proxy.heal()
    assert await waiting


async def test_a_delay_is_added_to_request_and_reply(proxy: FaultProxy, through: redis.asyncio.Redis) -> None:
    await through.ping()
    proxy.delay(0.05)
    began = time.monotonic()

    await through.ping()

    assert time.monotonic() - began >= 0.1


async def test_throttling_limits_the_bytes_per_second(
    proxy: FaultProxy, through: redis.asyncio.Redis, client: redis.asyncio.Redis
) -> None:
    await client.set("a", b"x" * 20_000)
    await through.ping()
    proxy.throttle(100_000)
    began = time.monotonic()

    await through.get("a")

    # the first slice may have been asked for before the limit was set
    assert time.monotonic() - began >= 0.15


async def test_refused_connections_are_accepted_again_on_the_same_port(
    proxy: FaultProxy, through: redis.asyncio.Redis
) -> None:
    port = proxy.port
    proxy.refuse()
    proxy.cut()
    await eventually(lambda: proxy.connections == 0)

    with pytest.raises(redis.ConnectionError):
        await through.ping()

    await proxy.accept()
    assert await through.ping()
    assert proxy.port == port


async def test_a_client_learns_that_the_server_behind_is_gone(own_server: EmbeddedServer) -> None:
    async with FaultProxy(own_server.url) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"+PONG\r\n"

        own_server.kill()

        assert await reader.read() == b""
        writer.close()


async def test_the_url_keeps_user_password_and_database() -> None:
    proxy = FaultProxy("redis://user:pass%40word@127.0.0.1:6379/3")

    async with proxy:
        assert proxy.url == f"redis://user:pass%40word@127.0.0.1:{proxy.port}/3"
