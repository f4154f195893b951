"""What has nothing to do rests: it costs a look now and then, and whatever happens to it ends its rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.control import Loop
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer

IDLE = {"scaleDown": {"idleSeconds": 2}}


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    """A loop whose waker waits all the time."""
    made = Loop(server.url)
    waiting = asyncio.create_task(made.waker.run())
    yield made
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await made.server.close()


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


async def rest(loop: Loop, *names: str) -> None:
    """Sweep until these rest and their streams are waited for."""

    async def resting() -> bool:
        await loop.sweep()
        tracked = [each for each in loop.tracked.values() if each.resource.key.name in names]
        return all(each.rest and loop.waker.waits_for(each.resource.spec.stream) for each in tracked)

    await eventually(resting)


def asked(loop: Loop) -> int:
    """How often targets were asked for their replicas: once for each step."""
    return loop.workloads.asked


async def looks(client: redis.asyncio.Redis) -> int:
    stats = await client.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("evalsha_ro", "eval_ro"))


async def test_at_rest_neither_the_server_nor_the_target_is_asked_with_every_sweep(
    loop: Loop, client: redis.asyncio.Redis
) -> None:
    loop.add("payments", scaling=IDLE)
    await rest(loop, "payments")
    looks_before, steps_before = await looks(client), asked(loop)

    for _ in range(20):
        # the clock of the loop is the waker's, too: it has to wait again before a stream counts as waited for
        await loop.sweep(seconds=0.5)
        await eventually(lambda: loop.waker.waits_for("orders"))

    assert await looks(client) - looks_before <= 4
    assert asked(loop) == steps_before


async def test_an_entry_ends_the_rest_at_once(loop: Loop, payments: Observed) -> None:
    loop.add("payments", scaling=IDLE)
    await rest(loop, "payments")

    await payments.add(1)

    await eventually(lambda: loop.workloads.written == [("payments", 1)])


async def test_an_entry_nobody_waits_for_is_seen_by_the_next_sweep(server: EmbeddedServer, payments: Observed) -> None:
    loop = Loop(server.url)
    loop.add("payments", scaling=IDLE)
    await loop.sweep(10)
    (tracked,) = loop.tracked.values()
    assert tracked.rest

    await payments.add(1)
    await loop.sweep()
    await loop.server.close()

    assert loop.workloads.written == [("payments", 1)]


async def test_a_group_that_is_lost_at_rest_is_made_anew(loop: Loop, client: redis.asyncio.Redis) -> None:
    loop.add("payments", scaling=IDLE)
    await rest(loop, "payments")
    await client.xgroup_destroy("orders", "payments")

    await loop.sweep(6)

    assert ("payments", "GroupRepaired", True) in loop.told.events


async def test_replicas_that_somebody_gave_a_target_at_rest_are_taken_back_within_two_minutes(loop: Loop) -> None:
    loop.add("payments", scaling=IDLE)
    await rest(loop, "payments")
    loop.workloads.counts["payments"] = 3

    await loop.sweep(130)

    assert loop.workloads.written[-1] == ("payments", 0)


async def test_a_consumer_that_appears_ends_the_rest_before_it_has_any_entry(loop: Loop, payments: Observed) -> None:
    loop.add("payments", scaling=IDLE)
    await rest(loop, "payments")
    loop.workloads.counts["payments"] = 3
    await payments.client.xgroup_createconsumer("orders", "payments", "pod-a")

    await loop.sweep(12)

    assert loop.workloads.written[-1] == ("payments", 0)


async def test_who_has_no_target_does_not_rest(loop: Loop) -> None:
    loop.add("payments", replicas=None, scaling=IDLE)

    await loop.sweep(10)

    (tracked,) = loop.tracked.values()
    assert tracked.rest is None


async def test_what_was_told_of_who_rests_is_so(loop: Loop) -> None:
    loop.add("payments", scaling=IDLE)

    await rest(loop, "payments")

    told = loop.status("payments").replicas
    assert told is not None
    assert told.reason == "Idle"
