"""Behind sentinels: a master that dies or is replaced costs a wait, not a restart, and no effect twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.cluster import command
from tests.support.consuming import drained
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER
from tests.support.insistent import Insistent
from tests.support.numbered import Numbered, Recorder, answers
from tests.support.sentinels import SERVICE, Sentinel, Watched

from sluiceway import Lease, Publisher, RedisSettings, Service, Unavailable
from sluiceway.connection import Endpoint, Link
from sluiceway.embedded import EmbeddedServer, ServerBinary
from sluiceway.embedded.ports import HOST, free_port

ORDERS, PAYMENTS, GROUP = "orders", "payments", "paying"
_TRANSIENT = (redis.RedisError, OSError)


def answering(url: str, recorder: Recorder, lease: Lease | None = None) -> Service:
    service = Service(GROUP, url, grace_seconds=1.0)
    service.on(Numbered, stream=ORDERS, publishes=PAYMENTS)(recorder.answer)
    service.consume(ORDERS, lease=lease or Lease(seconds=1.5, poll_seconds=0.1))
    return service


def client_of(server: EmbeddedServer) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(server.url)


async def replicated(server: EmbeddedServer) -> None:
    """Wait until both replicas have everything that was written so far."""
    async with client_of(server) as client:
        await client.set("mark", "1")
        assert await client.wait(2, 20_000) == 2


async def numbers_in(client: redis.asyncio.Redis, stream: str) -> set[int]:
    entries: Any = await client.xrange(stream)
    return {Numbered.decode(fields[b"payload"]).number for _, fields in entries}


@ON_ONE_SERVER
@pytest.mark.parametrize("replicas", [0, 1])
async def test_a_master_killed_under_load_costs_no_restart_no_event_that_was_replicated_and_no_effect_twice(
    watched: Watched, replicas: int
) -> None:
    recorders = Recorder(), Recorder()
    old = watched.master
    async with (
        Insistent(RedisSettings(url=watched.url, replicas=replicas), ORDERS) as publisher,
        answering(watched.url, recorders[0]),
        answering(watched.url, recorders[1]),
    ):
        await publisher.more(150)
        await replicated(old)
        safe = set(publisher.acknowledged)

        os.kill(old.pid, signal.SIGKILL)

        await eventually(lambda: publisher.refusals > 0)
        accepted_before = len(publisher.acknowledged)
        await publisher.more(150)
        new = await watched.failed_over(old)
        async with client_of(new) as client:
            await publisher.stop()
            await eventually(lambda: drained(client, ORDERS, GROUP), within_seconds=30, ignoring=_TRANSIENT)
            there = await numbers_in(client, ORDERS)
            counted = await answers(client, PAYMENTS)
    assert safe | set(publisher.acknowledged[accepted_before:]) <= there
    if replicas:
        assert set(publisher.acknowledged) <= there
    assert counted == Counter(dict.fromkeys(there, 1))


async def test_the_lease_of_a_handler_that_runs_through_a_failover_is_renewed_on_the_new_master(
    watched: Watched,
) -> None:
    recorder = Recorder(closed=[0])
    old = watched.master
    # Nobody looks for expired leases, which would renew it as well.
    async with answering(watched.url, recorder, Lease(seconds=1.5, poll_seconds=60.0)):
        async with Publisher(watched.url, ORDERS) as publisher:
            await publisher.publish(Numbered(number=0))
        await eventually(lambda: recorder.begun == [0])
        await replicated(old)

        old.kill()
        new = await watched.failed_over(old)

        async with client_of(new) as client:

            async def renewed() -> bool:
                pending: Any = await client.xpending_range(ORDERS, GROUP, "-", "+", 10)
                return bool(pending[0]["time_since_delivered"] < 500)

            # The outage alone was longer than that.
            await eventually(renewed, within_seconds=20, ignoring=_TRANSIENT)
            recorder.open()
            await eventually(lambda: drained(client, ORDERS, GROUP), within_seconds=20)
            assert await answers(client, PAYMENTS) == {0: 1}
    assert recorder.begun == [0]


@ON_ONE_SERVER
async def test_an_old_master_that_comes_back_is_left_as_soon_as_it_misses_its_replicas(watched: Watched) -> None:
    recorder = Recorder()
    old = watched.master
    for server in watched.servers:
        async with client_of(server) as client:
            await client.config_set("min-replicas-to-write", 1)
    async with answering(watched.url, recorder), Insistent(watched.url, ORDERS) as publisher:
        await publisher.more(20)
        await replicated(old)

        os.kill(old.pid, signal.SIGSTOP)
        new = await watched.failed_over(old)
        async with client_of(new) as client:
            known = await numbers_in(client, ORDERS)
            os.kill(old.pid, signal.SIGCONT)

            async def used() -> bool:
                return len(await numbers_in(client, ORDERS)) > len(known) + 50

            # Sentinels turn the old master into a replica, and cut its clients off, only after some ten seconds.
            await eventually(used, within_seconds=30)
            await publisher.stop()
            await eventually(lambda: drained(client, ORDERS, GROUP), within_seconds=30, ignoring=_TRANSIENT)
            there = await numbers_in(client, ORDERS)
            assert await answers(client, PAYMENTS) == Counter(dict.fromkeys(there, 1))
        first = min(there - known)
        assert {number for number in publisher.acknowledged if number >= first} <= there


@ON_ONE_SERVER
async def test_a_server_that_a_sentinel_names_and_that_is_no_master_is_not_used(
    named: Watched, server_binary: ServerBinary, tmp_path: Path
) -> None:
    replica = named.servers[1]
    behind = Sentinel(server_binary, tmp_path / "behind", replica.port, patience_milliseconds=60_000)
    link = Link(Endpoint(f"redis+sentinel://{HOST}:{behind.port}/{SERVICE}"), ORDERS)
    try:

        async def refused() -> bool:
            with pytest.raises(redis.ConnectionError) as told:
                await link.call("PING")
            return f"{HOST}:{replica.port}, which a sentinel names, is no master but a slave" in str(told.value)

        await eventually(refused)
    finally:
        await link.close()
        behind.kill()


@ON_ONE_SERVER
async def test_sentinels_that_are_dead_or_know_nothing_are_passed_over(named: Watched) -> None:
    dead = named.sentinels[0]
    dead.kill()
    named.sentinels[1].ask("SENTINEL", "REMOVE", SERVICE)

    endpoint = Endpoint(named.url)
    # They are asked in any order.
    for _ in range(12):
        link = Link(endpoint, ORDERS)
        assert await link.call("XLEN", ORDERS) == 0
        await link.close()


@ON_ONE_SERVER
async def test_a_service_that_no_sentinel_knows_is_told_with_what_each_of_them_said(named: Watched) -> None:
    url = named.url.replace(f"/{SERVICE}", "/shoppe").replace(
        f"{HOST}:{named.sentinels[0].port}", f"{HOST}:{(gone := free_port())}"
    )

    async with Publisher(url, ORDERS) as publisher:
        with pytest.raises(Unavailable) as told:
            await publisher.publish(Numbered(number=1))

    assert f"{HOST}:{gone}: " in str(told.value)
    assert f"{HOST}:{named.sentinels[1].port} knows no service 'shoppe'" in str(told.value)


@ON_ONE_SERVER
async def test_the_login_at_the_sentinels_and_the_one_at_the_servers_are_apart(named: Watched, tmp_path: Path) -> None:
    for server in named.servers:
        command(server, "ACL", "SETUSER", "ada", "on", ">of-the-servers", "~*", "+role", "+xlen", "+select")
        command(server, "ACL", "SETUSER", "default", "resetpass")
    for sentinel in named.sentinels:
        sentinel.ask("ACL", "SETUSER", "asker", "on", ">of-the-sentinels", "+sentinel|get-master-addr-by-name")
        sentinel.ask("ACL", "SETUSER", "default", "resetpass")
    file = tmp_path / "password"
    file.write_text("of-the-sentinels\n")
    url = named.url.replace("://", "://ada:of-the-servers@")

    at_both = Link(Endpoint(RedisSettings(url=url, sentinel_username="asker", sentinel_password_file=file)), ORDERS)
    at_the_servers_only = Link(Endpoint(url), ORDERS)

    assert await at_both.call("XLEN", ORDERS) == 0
    with pytest.raises(redis.ConnectionError, match=r"no sentinel names a master: .*[Aa]uth"):
        await at_the_servers_only.call("XLEN", ORDERS)
    for link in (at_both, at_the_servers_only):
        await link.close()
