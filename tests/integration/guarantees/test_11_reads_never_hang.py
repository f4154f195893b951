"""Promise 11: a consumer leaves a silent server within its time-out, comes back by itself, and bears short outages."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
import structlog
from tests.support.consuming import one_server, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers, publish_numbers
from tests.support.proxy import FaultProxy
from tests.support.servers import StartServer

from sluiceway import Lease, Publisher, RedisSettings, Service, Unavailable
from sluiceway.connection import Endpoint
from sluiceway.embedded import EmbeddedServer
from sluiceway.engine.health import Health
from sluiceway.readiness import readiness

Redis = redis.asyncio.Redis


@asynccontextmanager
async def behind(
    proxy: FaultProxy, client: Redis, recorder: Recorder, timeout_seconds: float = 0.5, **options: Any
) -> AsyncIterator[Service]:
    """Run a service that reaches its server through a proxy."""
    settings = RedisSettings(url=proxy.url, timeout_seconds=timeout_seconds, connect_timeout_seconds=timeout_seconds)
    service = Service("payments", settings, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments")(recorder.answer)
    service.consume("orders", **{"lease": QUICK, **options})
    async with running(service, client):
        yield service


def fault_of(service: Service) -> str | None:
    return service.consumers[0].health.fault


# --- the network ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [FaultProxy.blackhole, FaultProxy.hold_replies])
async def test_a_peer_that_falls_silent_is_left_and_the_consumer_goes_on_when_it_is_back(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis, fault: Callable[[FaultProxy], None]
) -> None:
    recorder = Recorder()
    async with behind(proxy, client, recorder) as service:
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: recorder.handled == [1])

        fault(proxy)
        await publish_numbers(server, "orders", [2])
        await eventually(lambda: "no reply within" in (fault_of(service) or ""), what="the silence is noticed")
        proxy.heal()

        await eventually(lambda: 2 in recorder.handled, within_seconds=20)
        await eventually(lambda: fault_of(service) is None)
        await eventually(lambda: answers(client, "payments"))
        assert await answers(client, "payments") == {1: 1, 2: 1}


@one_server
async def test_a_peer_that_accepts_and_says_nothing_is_left_and_tried_again(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder()
    proxy.blackhole()
    async with behind(proxy, client, recorder) as service:
        await eventually(lambda: fault_of(service))
        await eventually(lambda: proxy.accepted >= 3, what="new connections")
        await publish_numbers(server, "orders", [1])

        proxy.heal()

        await eventually(lambda: recorder.handled == [1], within_seconds=20)


async def test_connections_that_are_refused_are_tried_again(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder()
    proxy.refuse()
    async with behind(proxy, client, recorder) as service:
        await eventually(lambda: fault_of(service))
        await publish_numbers(server, "orders", [1])

        await proxy.accept()

        await eventually(lambda: recorder.handled == [1], within_seconds=20)
        await eventually(lambda: fault_of(service) is None)


async def test_connections_cut_again_and_again_under_load_double_no_output(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis
) -> None:
    numbers = range(300)
    chance = random.Random(11)
    async with behind(proxy, client, Recorder(), timeout_seconds=2, read_count=20, commit_count=20):
        publishing = asyncio.create_task(publish_numbers(server, "orders", numbers))
        for done in range(25, 300, 25):
            # Sometimes all connections, sometimes one of them in the middle of whatever reply comes next.
            proxy.cut() if chance.random() < 0.3 else proxy.cut_after(chance.randrange(200))
            await eventually(partial(_answered, client, done), within_seconds=30)
        await publishing

        await eventually(lambda: _answered(client, len(numbers)), within_seconds=30)

    assert await answers(client, "payments") == dict.fromkeys(numbers, 1)


async def _answered(client: Redis, least: int) -> bool:
    return len(await answers(client, "payments")) >= least


@one_server
async def test_a_slow_network_slows_a_consumer_and_nothing_else(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis
) -> None:
    proxy.delay(0.02)
    proxy.throttle(50_000)
    recorder = Recorder()
    async with behind(proxy, client, recorder, timeout_seconds=5, lease=Lease(seconds=5)):
        await publish_numbers(server, "orders", range(50))

        await eventually(lambda: len(recorder.handled) == 50, within_seconds=30)

    assert recorder.handled == list(range(50))


@pytest.mark.parametrize("timeout_seconds", [0.1, 0.5, 1.0, 1.05, 1.9, 5.0, 60.0])
def test_a_read_blocks_for_less_than_the_time_out_of_its_socket_whatever_that_is(timeout_seconds: float) -> None:
    endpoint = Endpoint(RedisSettings(timeout_seconds=timeout_seconds))

    assert 0 < endpoint.block_milliseconds <= 1000
    assert endpoint.block_milliseconds / 1000 <= timeout_seconds / 2


@one_server
async def test_an_idle_consumer_with_a_short_time_out_keeps_its_connections(proxy: FaultProxy, client: Redis) -> None:
    proxy.delay(0.1)
    async with behind(proxy, client, Recorder(), timeout_seconds=1.05) as service:
        await eventually(lambda: readiness(service) == [], what="contact")
        before = await _reads(client)
        accepted = proxy.accepted

        await eventually(lambda: _has_read(client, before + 3), within_seconds=20)

        assert fault_of(service) is None
        # Its other connections are opened when they are first used: none twice.
        assert proxy.accepted - accepted <= 8


async def _reads(client: Redis) -> int:
    statistics: Any = await client.info("commandstats")
    return int(statistics.get("cmdstat_xreadgroup", {"calls": 0})["calls"])


async def _has_read(client: Redis, times: int) -> bool:
    return await _reads(client) >= times


async def test_consumers_that_lost_the_server_together_do_not_come_back_together() -> None:
    clock = asyncio.get_running_loop().time

    async def comes_back() -> float:
        failures = iter(range(4))

        async def step() -> float:
            if next(failures, None) is not None:
                raise redis.ConnectionError("gone")
            return clock()

        return await Health(structlog.get_logger()).persist("read", step)

    times = await asyncio.gather(*(comes_back() for _ in range(50)))

    # The waits of 50, 100, 200 and 400 ms are each cut by up to a half, at random.
    assert max(times) - min(times) > 0.1


@one_server
async def test_a_connection_closed_while_it_was_idle_costs_a_publisher_no_event(
    proxy: FaultProxy, client: Redis
) -> None:
    async with Publisher(proxy.url, "orders") as publisher:
        await publisher.publish(Numbered(number=1))
        proxy.cut()
        await eventually(lambda: proxy.connections == 0)

        await publisher.publish(Numbered(number=2))

    assert await client.xlen("orders") == 2


# --- credentials that change -----------------------------------------------------------------------------------------


async def rotate(client: Redis, user: str, new: str) -> None:
    """Give a user a new password and cut off all who came with the old one."""
    command: Callable[..., Any] = client.execute_command
    if user == "default":
        await client.config_set("requirepass", new)
    else:
        await command("ACL", "SETUSER", user, "resetpass", f">{new}")
    await command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@pytest.mark.parametrize(
    ("user", "in_url"), [("default", False), ("shop", True)], ids=["default user", "a user of its own, in the URL"]
)
async def test_a_rotated_password_is_read_again_and_consumer_publisher_and_leases_go_on(
    start_server: StartServer, tmp_path: Path, user: str, *, in_url: bool
) -> None:
    server = start_server(append_only=False)
    secret = tmp_path / "password"
    secret.write_text("first\n")
    async with Redis.from_url(server.url) as admin:
        command: Callable[..., Any] = admin.execute_command
        await command("ACL", "SETUSER", "admin", "on", ">admin", "~*", "&*", "+@all")
        await command("AUTH", "admin", "admin")
        await command("ACL", "SETUSER", "shop", "on", ">first", "~*", "+@all")
        await admin.config_set("requirepass", "first")
        settings = RedisSettings(
            url=server.url.replace("redis://", f"redis://{user}@" if in_url else "redis://"),
            username=None if in_url else user,
            password_file=secret,
        )
        recorder = Recorder(closed=[1])
        service = Service("payments", settings, grace_seconds=2)
        service.on(Numbered, stream="orders")(recorder.note)
        service.consume("orders", lease=QUICK)
        async with Publisher(settings, "orders") as publisher, service:
            await publisher.publish(Numbered(number=1))
            await eventually(lambda: recorder.begun == [1])

            await rotate(admin, user, "second")
            # The file follows a little later, as a mounted secret does: until then both are turned away.
            await eventually(lambda: "password" in (fault_of(service) or ""))
            with pytest.raises(Unavailable, match="password"):
                await publisher.publish(Numbered(number=2))
            secret.write_text("second\n")

            await publisher.publish(Numbered(number=2))
            await eventually(lambda: 2 in recorder.handled, within_seconds=20)
            await eventually(lambda: _renewed(admin), what="the lease of the running handler is renewed")
            recorder.open()
            await eventually(lambda: recorder.handled == [2, 1])


@one_server
async def test_passwords_that_are_rotated_again_and_again_under_load_cost_no_event_and_double_no_output(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(append_only=False)
    secret = tmp_path / "password"
    secret.write_text("0")
    async with Redis.from_url(server.url) as admin:
        command: Callable[..., Any] = admin.execute_command
        await command("ACL", "SETUSER", "shop", "on", ">0", "~*", "+@all")
        settings = RedisSettings(url=server.url, username="shop", password_file=secret)
        service = Service("payments", settings, grace_seconds=2)
        service.on(Numbered, stream="orders", publishes="payments")(Recorder().answer)
        service.consume("orders", lease=QUICK, read_count=20, commit_count=20)
        numbers = range(300)
        async with Publisher(settings, "orders") as publisher, service:

            async def publish(number: int) -> None:
                await eventually(
                    lambda: publisher.publish(Numbered(number=number), event_id=f"order-{number}"),
                    ignoring=(Unavailable,),
                    within_seconds=30,
                )

            for number in numbers:
                await publish(number)
                if number % 100 == 50:
                    await rotate(admin, "shop", f"{number}")
                    secret.write_text(f"{number}")

            await eventually(lambda: _answered(admin, len(numbers)), within_seconds=30)

        assert await answers(admin, "payments") == dict.fromkeys(numbers, 1)


async def _renewed(admin: Redis) -> bool:
    pending: Any = await admin.xpending_range("orders", "payments", "-", "+", 1)
    (entry,) = pending
    return bool(entry["time_since_delivered"] < QUICK.seconds * 1000 / 3)


@one_server
async def test_a_password_file_that_is_missing_is_a_fault_that_names_it_and_passes(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(append_only=False, password="secret")
    secret = tmp_path / "password"
    recorder = Recorder()
    url = server.url.replace(":secret@", "")
    service = Service("payments", RedisSettings(url=url, password_file=secret))
    service.on(Numbered, stream="orders")(recorder.note)
    async with service:
        await eventually(lambda: str(secret) in (fault_of(service) or ""))
        await publish_numbers(server, "orders", [1])

        secret.write_text("secret")

        await eventually(lambda: recorder.handled == [1], within_seconds=20)


# --- readiness --------------------------------------------------------------------------------------------------------


@one_server
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "with all its room taken"])
async def test_readiness_bears_a_short_outage_tells_a_long_one_and_recovers(
    proxy: FaultProxy, server: EmbeddedServer, client: Redis, *, busy: bool
) -> None:
    recorder = Recorder(closed=[1] if busy else [])
    async with behind(proxy, client, recorder, in_flight=1) as service:
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: recorder.begun == [1])
        assert readiness(service, tolerated_seconds=2) == []

        proxy.refuse()
        proxy.cut()
        await eventually(lambda: fault_of(service), what="the outage is noticed")
        assert readiness(service, tolerated_seconds=30) == []
        (problem,) = await eventually(lambda: readiness(service, tolerated_seconds=2))
        assert problem.startswith("orders: no success on the server for 2 s (")

        await proxy.accept()
        await eventually(lambda: readiness(service, tolerated_seconds=2) == [], within_seconds=20)
        recorder.open()
        await eventually(lambda: recorder.handled == [1])


@one_server
async def test_a_service_is_not_ready_before_its_server_answered_for_the_first_time(
    proxy: FaultProxy, client: Redis
) -> None:
    proxy.refuse()
    async with behind(proxy, client, Recorder()) as service:
        await eventually(lambda: fault_of(service))

        (problem,) = readiness(service)

        assert problem.startswith("orders: no success on the server yet (")
        assert "Connection refused" in problem or "Connect call failed" in problem
        await proxy.accept()
        await eventually(lambda: readiness(service) == [], within_seconds=20)


@one_server
async def test_a_service_that_is_stopping_is_not_ready(server: EmbeddedServer) -> None:
    recorder = Recorder(closed=[1])
    service = Service("payments", server.url)
    service.on(Numbered, stream="orders")(recorder.note)
    await service.start()
    await publish_numbers(server, "orders", [1])
    await eventually(lambda: recorder.begun == [1])

    stopping = asyncio.create_task(service.stop())
    await eventually(lambda: readiness(service) == ["orders: stopping"])

    recorder.open()
    await stopping
