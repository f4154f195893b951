"""A group is deleted only where nobody reads it, and what goes with it is counted; dead letters are capped."""

from __future__ import annotations

import pytest
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed

from sluiceway_operator.resource import Group
from sluiceway_operator.streams import GroupDeleted, cap, delete_group, ensure_group


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


async def test_a_group_that_nobody_reads_goes_with_what_is_remembered_of_it_and_what_is_lost_is_counted(
    payments: Observed,
) -> None:
    await ensure_group(payments.client, "orders", Group(name="payments"))
    await payments.add(10)
    await payments.read("pod", 4)
    await payments.client.xclaim("orders", "payments", "gone", 0, [(await first_id(payments))], idle=60_000)
    await payments.client.xgroup_delconsumer("orders", "payments", "pod")

    async def deleted() -> GroupDeleted | None:
        done = await delete_group(payments.client, "orders", "payments")
        return None if done.how == "in-use" else done

    done = await eventually(deleted, within_seconds=30)

    assert done == GroupDeleted("deleted", pending=1, undelivered=6)
    assert done.lost == 7
    assert await payments.client.keys() == [b"orders"]
    assert await payments.client.xlen("orders") == 10


async def first_id(group: Observed) -> bytes:
    ((entry_id, _), *_) = await group.client.xrange("orders", count=1)  # type: ignore[misc]
    assert isinstance(entry_id, bytes)
    return entry_id


async def test_a_group_that_is_read_stays(payments: Observed) -> None:
    await payments.create()
    await payments.add(1)
    await payments.read("pod", 1)

    done = await delete_group(payments.client, "orders", "payments")

    assert done == GroupDeleted("in-use", reader="pod")
    assert len(await payments.client.xinfo_groups("orders")) == 1


async def test_a_group_that_is_gone_and_a_key_of_another_type_are_no_fault(payments: Observed) -> None:
    missing = await delete_group(payments.client, "orders", "payments")
    await payments.client.set("orders", "text")
    other = await delete_group(payments.client, "orders", "payments")

    assert missing == other == GroupDeleted("missing")
    assert await payments.client.get("orders") == b"text"


async def test_the_newest_dead_letters_stay(payments: Observed) -> None:
    dead = Observed(payments.client, "dead", "nobody")
    added = await dead.add(2500)

    removed = [await cap(payments.client, "dead", 100) for _ in range(4)]

    assert removed == [1000, 1000, 400, 0]
    assert [entry_id for entry_id, _ in await payments.client.xrange("dead")] == added[-100:]  # type: ignore[union-attr]


async def test_dead_letters_that_are_none_are_left_alone(payments: Observed) -> None:
    assert await cap(payments.client, "dead", 1) == 0
    await payments.client.set("dead", "text")

    assert await cap(payments.client, "dead", 1) == 0


async def test_dead_letters_that_a_group_processes_are_left_to_it(payments: Observed) -> None:
    dead = Observed(payments.client, "dead", "mending")
    await dead.create()
    await dead.add(10)

    assert await cap(payments.client, "dead", 1) == 0
