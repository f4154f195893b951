"""Whatever the server's own lag says, a group with work left keeps its consumers, and one without does not keep them for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.control import Loop
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer

Spoil = Callable[[Observed], Awaitable[None]]
QUICK = {"scaleDown": {"stabilizationSeconds": 0, "idleSeconds": 2}}


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    yield made
    await made.server.close()


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


# --- each of these leaves work that is not done -----------------------------------------------------------------------


async def made_in_mid_stream(payments: Observed) -> None:
    """The server tells no lag."""
    added = await payments.add(100)
    await payments.create(added[49])


async def an_unread_entry_was_deleted(payments: Observed) -> None:
    """The server tells no lag from then on."""
    await payments.create()
    added = await payments.add(100)
    await payments.client.xdel("orders", added[60])


async def trimmed_past_unread_entries(payments: Observed) -> None:
    """Servers count what is gone as undelivered."""
    await payments.create()
    await payments.add(1000)
    await payments.client.xtrim("orders", maxlen=50, approximate=False)


async def only_pending_is_left(payments: Observed) -> None:
    """The lag is 0, and rightly so."""
    await payments.create()
    await payments.add(5)
    await payments.read("pod", 5)


async def the_group_was_destroyed(payments: Observed) -> None:
    await payments.create()
    await payments.add(100)
    await payments.client.xgroup_destroy("orders", "payments")


async def the_group_was_set_back(payments: Observed) -> None:
    await payments.create()
    await payments.add(100)
    await payments.read("pod", 100)
    await payments.client.xgroup_setid("orders", "payments", "0")


@pytest.mark.parametrize(
    "spoil",
    [
        made_in_mid_stream,
        an_unread_entry_was_deleted,
        trimmed_past_unread_entries,
        only_pending_is_left,
        the_group_was_destroyed,
        the_group_was_set_back,
    ],
)
@pytest.mark.parametrize("replicas", [0, 3])
async def test_with_work_left_there_is_a_consumer(loop: Loop, payments: Observed, spoil: Spoil, replicas: int) -> None:
    await spoil(payments)
    loop.add("payments", replicas=replicas, scaling=QUICK)

    await loop.sweep(30)

    assert loop.workloads.counts["payments"] >= 1
    assert ("payments", 0) not in loop.workloads.written


async def test_a_key_of_another_type_takes_nobody_away(loop: Loop, payments: Observed) -> None:
    await payments.client.set("orders", "text")
    loop.add("payments", replicas=3, scaling=QUICK)

    await loop.sweep(30)

    assert loop.workloads.written == []
    assert loop.condition("payments", "BacklogKnown").reason == "WrongType"


# --- and these leave none ---------------------------------------------------------------------------------------------


async def everything_was_trimmed(payments: Observed) -> None:
    await payments.create()
    await payments.add(1000)
    await payments.client.xtrim("orders", maxlen=0, approximate=False)


async def the_stream_was_deleted(payments: Observed) -> None:
    await payments.create()
    await payments.add(100)
    await payments.client.delete("orders")


async def every_unread_entry_was_deleted(payments: Observed) -> None:
    await payments.create()
    for entry_id in await payments.add(10):
        await payments.client.xdel("orders", entry_id)


@pytest.mark.parametrize("spoil", [everything_was_trimmed, the_stream_was_deleted, every_unread_entry_was_deleted])
async def test_work_that_no_longer_exists_keeps_nobody(loop: Loop, payments: Observed, spoil: Spoil) -> None:
    await spoil(payments)
    loop.add("payments", replicas=3, scaling=QUICK)

    await eventually(lambda: at_zero(loop), within_seconds=60)


async def at_zero(loop: Loop) -> bool:
    await loop.sweep()
    return loop.workloads.counts["payments"] == 0
