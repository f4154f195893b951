"""A server that takes connections and says nothing, not even in the middle of a TLS handshake, holds up nobody for long."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from structlog.testing import capture_logs
from tests.support.cli import sluiceway
from tests.support.consuming import running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder
from tests.support.proxy import FaultProxy
from tests.support.tls import TlsServer, with_tls

from sluiceway import DeadLetters, Publisher, RedisSettings, Service, SluicewayError, Unavailable

LONG_SECONDS = 20.0
"""What nothing here may take: many times the time-outs, for a busy machine, yet far from a hang."""

URLS = [
    "redis://127.0.0.1:{port}/0",
    "redis://user:secret@127.0.0.1:{port}/1",
    "rediss://127.0.0.1:{port}/0",
    "redis+sentinel://127.0.0.1:{port}/shop",
    "rediss+sentinel://127.0.0.1:{port}/shop",
    "redis+cluster://127.0.0.1:{port}",
    "rediss+cluster://127.0.0.1:{port}",
]
every_way = pytest.mark.parametrize("url", URLS, ids=[url.replace("127.0.0.1:{port}", "host") for url in URLS])


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Run a server that takes connections, reads what comes, and never answers; yield its port."""
    ended = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        ended.set()


def settings_for(url: str, port: int) -> RedisSettings:
    return RedisSettings(url=url.format(port=port), timeout_seconds=0.4, connect_timeout_seconds=0.3)


@every_way
async def test_publishing_and_dead_letters_end_with_an_error(url: str) -> None:
    async with silent_server() as port:
        settings = settings_for(url, port)
        began = time.monotonic()

        async with Publisher(settings, "orders", timeout_seconds=0.4) as publisher:
            with pytest.raises(Unavailable):
                await publisher.publish(Numbered(number=1))
        async with DeadLetters(settings, "orders", "payments") as letters:
            with pytest.raises((SluicewayError, redis.RedisError)):
                await letters.count()

    assert time.monotonic() - began < LONG_SECONDS


@every_way
async def test_a_consumer_says_so_and_can_be_stopped(url: str) -> None:
    async with silent_server() as port:
        service = Service("payments", settings_for(url, port), grace_seconds=0.5)
        service.on(Numbered, stream="orders")(Recorder().note)
        service.consume("orders", lease=QUICK)
        await service.start()
        await eventually(lambda: service.consumers[0].health.fault, what="the silence is told")
        began = time.monotonic()

        await service.stop()

    assert time.monotonic() - began < LONG_SECONDS


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
async def test_a_command_ends_with_exit_code_3(scheme: str) -> None:
    async with silent_server() as port:
        began = time.monotonic()
        ended = await asyncio.to_thread(sluiceway, f"{scheme}://127.0.0.1:{port}/0", "groups")

    ended.failed(3, "cannot be reached")
    assert time.monotonic() - began < 2 * LONG_SECONDS


@with_tls
async def test_leases_over_tls_are_given_up_in_time_and_renewed_when_the_server_speaks_again(
    start_tls_server: Any,
) -> None:
    server: TlsServer = start_tls_server()
    recorder = Recorder(closed=[1])
    async with FaultProxy(server.url) as proxy, redis.asyncio.Redis.from_url(server.plain.url) as client:
        settings = server.settings(url=proxy.url, timeout_seconds=0.5, connect_timeout_seconds=0.5)
        service = Service("payments", settings, grace_seconds=2)
        service.on(Numbered, stream="orders")(recorder.note)
        service.consume("orders", lease=QUICK)
        with capture_logs() as logs:
            async with running(service, client), Publisher(server.settings(), "orders") as publisher:
                await publisher.publish(Numbered(number=1))
                await eventually(lambda: recorder.begun == [1])

                proxy.blackhole()
                await eventually(lambda: any(log["event"] == "Leases could not be renewed" for log in logs))
                proxy.heal()

                await eventually(lambda: renewed(client), within_seconds=20, what="the lease is renewed again")
                recorder.open()
                await eventually(lambda: 1 in recorder.handled)


async def renewed(client: redis.asyncio.Redis) -> bool:
    pending: Any = await client.xpending_range("orders", "payments", "-", "+", 10)
    return len(pending) == 1 and pending[0]["time_since_delivered"] < QUICK.seconds * 1000 / 3
