"""The control loop behind sentinels and on a cluster: who holds a stream now is asked, and nobody else is believed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import redis.asyncio
from tests.support.cluster import Cluster, command
from tests.support.control import Loop
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER
from tests.support.sentinels import SERVICE, Sentinel, Watched

from sluiceway.embedded import EmbeddedServer, ServerBinary
from sluiceway.embedded.ports import HOST, free_port


@asynccontextmanager
async def looping(url: str, *names: str, replicas: int = 0) -> AsyncIterator[Loop]:
    """A loop over groups, each on a stream of its own name."""
    loop = Loop(url)
    for name in names:
        loop.add(name, stream=name, replicas=replicas, scaling={"minReplicas": 0, "maxReplicas": 9})
    try:
        yield loop
    finally:
        await loop.server.close()


async def add(server: EmbeddedServer, stream: str, count: int = 1) -> None:
    async with redis.asyncio.Redis.from_url(server.url) as client:
        for number in range(count):
            await client.xadd(stream, {"n": number})


async def known(loop: Loop, name: str = "orders") -> bool:
    await loop.sweep()
    return loop.condition(name, "BacklogKnown").status == "True"


# --- sentinels --------------------------------------------------------------------------------------------------------


@ON_ONE_SERVER
async def test_through_a_failover_the_replicas_are_held_and_the_new_master_is_found(watched: Watched) -> None:
    async with looping(watched.url, "orders", replicas=2) as loop:
        assert await known(loop)
        old = watched.master
        await add(old, "orders", 50)
        async with redis.asyncio.Redis.from_url(old.url) as client:
            await client.wait(2, 20_000)
        await loop.sweep()
        written = list(loop.workloads.written)

        old.kill()
        await loop.sweep(3)
        during = loop.condition("orders", "BacklogKnown")
        new = await watched.failed_over(old)
        await eventually(lambda: known(loop), within_seconds=60)
        await add(new, "orders", 300)
        await eventually(lambda: look_sees(loop, 350), within_seconds=60)

    assert (during.status, during.reason) == ("False", "ServerUnreachable")
    assert all(count >= max((*(count for _, count in written), 2)) for _, count in loop.workloads.written)


async def look_sees(loop: Loop, lag: int, name: str = "orders") -> bool:
    # numbers alone are told every five seconds
    await loop.sweep(6)
    backlog = loop.status(name).backlog
    return backlog is not None and backlog.lag == lag


@ON_ONE_SERVER
async def test_an_old_master_that_stood_still_is_not_believed_when_it_goes_on(watched: Watched) -> None:
    async with looping(watched.url, "orders") as loop:
        assert await known(loop)
        old = watched.master
        async with redis.asyncio.Redis.from_url(old.url) as client:
            await client.wait(2, 20_000)
        os.kill(old.pid, signal.SIGSTOP)
        new = await watched.failed_over(old)
        await add(new, "orders", 7)

        os.kill(old.pid, signal.SIGCONT)
        # it still takes itself for the master, with an empty stream, on the connections that there are
        await eventually(lambda: look_sees(loop, 7), within_seconds=60)
        for _ in range(20):
            await loop.sweep()
            assert loop.status("orders").backlog.lag == 7  # type: ignore[union-attr]

    assert ("orders", 1) in loop.workloads.written
    assert ("orders", 0) not in loop.workloads.written


@ON_ONE_SERVER
async def test_a_server_that_a_sentinel_names_and_that_is_no_master_is_not_believed(
    named: Watched, server_binary: ServerBinary, tmp_path: Path
) -> None:
    replica = named.servers[1]
    behind = Sentinel(server_binary, tmp_path / "behind", replica.port, patience_milliseconds=60_000)
    try:
        async with looping(f"redis+sentinel://{HOST}:{behind.port}/{SERVICE}", "orders", replicas=3) as loop:

            async def refused() -> bool:
                await loop.sweep()
                said = loop.condition("orders", "BacklogKnown")
                return f"{HOST}:{replica.port}, which sentinels name, is no master but a slave" in said.message

            await eventually(refused, within_seconds=60)
    finally:
        behind.kill()

    assert loop.workloads.written == []


@ON_ONE_SERVER
async def test_sentinels_that_are_dead_or_know_nothing_do_not_hide_the_master(named: Watched) -> None:
    named.sentinels[0].kill()
    named.sentinels[1].ask("SENTINEL", "REMOVE", SERVICE)

    async with looping(named.url, "orders") as loop:
        assert await known(loop)


@ON_ONE_SERVER
async def test_a_service_that_no_sentinel_knows_is_told_with_what_each_of_them_said(named: Watched) -> None:
    gone = free_port()
    url = f"redis+sentinel://{HOST}:{gone},{HOST}:{named.sentinels[1].port}/shoppe"

    async with looping(url, "orders") as loop:
        await loop.sweep()
        said = loop.condition("orders", "BacklogKnown").message

    assert f"{HOST}:{gone}: " in said
    assert f"{HOST}:{named.sentinels[1].port} knows no service shoppe" in said


# --- a cluster --------------------------------------------------------------------------------------------------------


async def test_groups_on_every_node_of_a_cluster_are_seen_made_and_scaled(cluster: Cluster) -> None:
    names = [cluster.stream_on(master, f"orders-{number}") for number, master in enumerate(cluster.masters)]
    async with looping(cluster.url, *names) as loop:
        await loop.sweep()
        for name, master in zip(names, cluster.masters, strict=True):
            await add(master, name, 20)

        await loop.sweep()

        assert sorted(loop.workloads.written) == sorted((name, 1) for name in names)
        for name, master in zip(names, cluster.masters, strict=True):
            assert len(command(master, "XINFO", "GROUPS", name)) == 1
            assert loop.condition(name, "Ready").status == "True"


async def test_an_idle_stream_anywhere_in_a_cluster_wakes_its_consumers_without_a_sweep(cluster: Cluster) -> None:
    names = [cluster.stream_on(master, f"orders-{number}") for number, master in enumerate(cluster.masters)]
    async with looping(cluster.url, *names) as loop:
        await loop.sweep()
        waiting = asyncio.create_task(loop.waker.run())
        try:
            for name, master in zip(names, cluster.masters, strict=True):
                await add(master, name)
                await eventually(partial(woken, loop, name))
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting

    assert loop.workloads.written == [(name, 1) for name in names]


def woken(loop: Loop, name: str) -> bool:
    return (name, 1) in loop.workloads.written


async def test_a_node_that_dies_holds_its_own_groups_only_and_its_replica_takes_over(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    gone, alive = cluster.stream_on(first, "orders"), cluster.stream_on(second, "payments")
    async with looping(cluster.url, gone, alive, replicas=2) as loop:
        assert await known(loop, gone)
        await add(first, gone, 500)
        await add(second, alive, 500)
        command(first, "WAIT", 1, 20_000)
        await loop.sweep()

        first.kill()
        await loop.sweep()
        during = loop.condition(gone, "BacklogKnown"), loop.condition(alive, "BacklogKnown")
        await cluster.promoted()
        await eventually(lambda: known(loop, gone), within_seconds=60)

    assert [condition.status for condition in during] == ["False", "True"]
    assert all(count >= 2 for _, count in loop.workloads.written)


async def test_a_slot_that_has_moved_is_looked_at_where_it_is(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    stream = cluster.stream_on(first, "orders")
    async with looping(cluster.url, stream) as loop:
        await loop.sweep()
        cluster.begin_move(stream, first, second)
        cluster.move_keys(first, second, stream, f"{{{stream}}}:sluiceway:{stream}")
        await add_asking(second, stream)
        await loop.sweep()
        half_way = list(loop.workloads.written)
        cluster.end_move(stream, first, second)
        await add(second, stream)

        await eventually(lambda: look_sees(loop, 2, stream), within_seconds=60)

    assert half_way in ([], [(stream, 1)])
    assert loop.condition(stream, "Ready").status == "True"


async def add_asking(node: EmbeddedServer, stream: str) -> None:
    """Append to a stream whose slot is just moving to a node."""
    async with redis.asyncio.Redis.from_url(node.url) as client, client.pipeline(transaction=False) as pipeline:
        pipeline.execute_command("ASKING")
        _ = pipeline.xadd(stream, {"n": 1})
        await pipeline.execute()
