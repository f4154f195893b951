"""Several resources on one stream, groups that nobody reads, and dead letters: what the loop removes and what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.acl import create_user
from tests.support.control import Loop, resource
from tests.support.eventually import eventually
from tests.support.fleets import World
from tests.support.groups_under_observation import Observed
from tests.support.secrets_contract import KeptSecrets

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.control import SecretServers


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    yield made
    await made.server.close()


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


async def settle(client: redis.asyncio.Redis, group: str, count: int) -> None:
    """Have a group read and acknowledge entries."""
    observed = Observed(client, "orders", group)
    await observed.create()
    await observed.read("pod", count)
    held = await client.xpending_range("orders", group, "-", "+", count)
    await client.xack("orders", group, *(entry["message_id"] for entry in held))


# --- several resources ------------------------------------------------------------------------------------------------


async def test_of_two_resources_on_a_stream_the_more_careful_has_its_way_and_is_named(
    loop: Loop, payments: Observed
) -> None:
    await payments.add(100)
    for group in ("payments", "reports"):
        await settle(payments.client, group, 100)
    loop.add("payments", trim={"policy": "Length", "maxLength": 10})
    loop.add("reports", trim={"policy": "Length", "maxLength": 40})

    await loop.sweep(2)

    assert await payments.client.xlen("orders") == 40
    told = loop.condition("payments", "Trimming")
    assert (told.status, told.reason) == ("True", "MostCareful")
    assert "maxLength of shops/reports" in told.message


async def test_resources_that_agree_are_not_told_from_one(loop: Loop) -> None:
    for name in ("payments", "reports"):
        loop.add(name, trim={"policy": "Length", "maxLength": 10})

    await loop.sweep(2)

    assert loop.condition("payments", "Trimming").reason == "BehindTheFloor"


async def test_resources_that_log_in_otherwise_are_heard_too(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await Observed(client, "orders", "payments").add(100)
    for group in ("payments", "reports"):
        await settle(client, group, 100)
    secrets = KeptSecrets()
    secrets.keep("server", {"url": create_user(server, "~*", "+@all").encode()})
    world = World(SecretServers(secrets))
    async with world.running():
        careful = {"policy": "Length", "maxLength": 40}
        world.put(resource("reports", trim=careful, redis={"urlFrom": {"name": "server", "key": "url"}}))
        await eventually(world.told_of("reports", "BacklogKnown", "True"))

        world.put(resource("payments", url=server.url, trim={"policy": "Length", "maxLength": 10}))
        await eventually(world.told_of("payments", "BacklogKnown", "True"))

        assert len(world.fleet.endpoints) == 2
        await eventually(lambda: world.told.condition("payments", "Trimming").reason == "MostCareful")
    assert await client.xlen("orders") == 40


# --- groups that nobody reads -----------------------------------------------------------------------------------------


async def test_a_group_without_a_consumer_is_given_up_after_the_time_and_that_is_told_once(
    loop: Loop, payments: Observed
) -> None:
    for number in range(10):
        await payments.client.xadd("orders", {"n": number}, id=f"1000-{number + 1}")
    await settle(payments.client, "payments", 10)
    await Observed(payments.client, "orders", "forgotten").create()
    loop.add("payments", trim={"staleGroupSeconds": 60})

    await loop.sweep(50)
    before = await payments.client.xlen("orders")
    await loop.sweep(50)

    assert (before, await payments.client.xlen("orders")) == (10, 0)
    assert [event for event in loop.told.events if event[1] == "GroupStale"] == [("payments", "GroupStale", True)]


async def test_a_group_without_a_consumer_that_a_resource_declares_is_waited_for(
    loop: Loop, payments: Observed
) -> None:
    for number in range(10):
        await payments.client.xadd("orders", {"n": number}, id=f"1000-{number + 1}")
    await settle(payments.client, "payments", 10)
    loop.add("payments", trim={"staleGroupSeconds": 60})
    loop.add("reports", scaling={"mode": "Paused"})

    await loop.sweep(100)

    assert await payments.client.xlen("orders") == 10


# --- dead letters -----------------------------------------------------------------------------------------------------


async def test_dead_letters_are_capped_counted_and_told_once(loop: Loop, payments: Observed) -> None:
    dead = Observed(payments.client, payments.keys.dead, "nobody")
    await dead.add(2500)
    loop.add("payments", deadLetter={"maxLength": 100})

    await loop.sweep(5)
    await dead.add(50)
    await loop.sweep(2)

    assert await payments.client.xlen(payments.keys.dead) == 100
    assert loop.tracked[resource("payments").key].tally.capped == 2450
    assert [event for event in loop.told.events if event[1] == "DeadLettersCapped"] == [
        ("payments", "DeadLettersCapped", True)
    ]


@pytest.mark.parametrize("spec", [{"deadLetter": {"maxLength": 0}}, {"scaling": {"mode": "Recommend"}}])
async def test_dead_letters_stay_where_all_are_kept_or_nothing_is_touched(
    loop: Loop, payments: Observed, spec: dict[str, Any]
) -> None:
    await Observed(payments.client, payments.keys.dead, "nobody").add(100)
    loop.add("payments", **{"deadLetter": {"maxLength": 10}, **spec})

    await loop.sweep(3)

    assert await payments.client.xlen(payments.keys.dead) == 100
