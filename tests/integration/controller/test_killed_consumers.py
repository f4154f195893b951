"""A pod that is killed in the middle of its work: the loop gives its entries to the living, who do each of them once."""

from __future__ import annotations

from pathlib import Path

import redis.asyncio
from tests.support.control import Loop
from tests.support.eventually import eventually
from tests.support.processes import Programs
from tests.support.workers import GROUP, STREAM, arguments, consumer_names, numbered, pending, publish, results

from sluiceway.embedded import EmbeddedServer


async def test_what_a_killed_pod_held_is_done_once_long_before_its_lease_is_over(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, tmp_path: Path
) -> None:
    loop = Loop(server.url)
    loop.add(GROUP, stream=STREAM, replicas=1, consumers={"reapAfterSeconds": 1}, scaling={"minReplicas": 1})
    loop.workloads.existing[GROUP] = ["pod-a"]
    await loop.sweep()
    victim = programs.start(*arguments(tmp_path, {"redis": server.url, "consumer": "pod-a", "lease_seconds": 600}))
    await publish(server.url, numbered(5, "wait"))
    await victim.line('"started"')
    await eventually(lambda: holds(client, "pod-a"))
    await loop.sweep()

    victim.kill()
    for number in range(5):
        (tmp_path / str(number)).touch()
    programs.start(*arguments(tmp_path, {"redis": server.url, "consumer": "pod-b", "lease_seconds": 600}))
    loop.workloads.existing[GROUP] = ["pod-b"]

    await eventually(lambda: swept_until_done(loop, client), within_seconds=60)
    assert sorted(await results(client)) == ["0", "1", "2", "3", "4"]
    assert await consumer_names(client) == {"pod-b"}
    assert (GROUP, "ConsumerReaped", False) in loop.told.events
    await loop.server.close()


async def holds(client: redis.asyncio.Redis, consumer: str) -> bool:
    return bool(await pending(client, consumer))


async def swept_until_done(loop: Loop, client: redis.asyncio.Redis) -> bool:
    await loop.sweep()
    return len(await results(client)) >= 5 and not await pending(client)
