"""Groups are made and repaired, dead consumers are removed, and nothing is lost by either."""

from __future__ import annotations

from typing import Any

import pytest
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed

from sluiceway import Context, Event, Lease, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.resource import Group
from sluiceway_operator.streams import GroupEnsured, Reaped, ensure_group, reap


class OrderCreated(Event, type="ORDER_CREATED"):
    """An order."""

    number: int


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


def asked(**fields: Any) -> Group:
    return Group.model_validate({"name": "payments", **fields})


# --- groups -----------------------------------------------------------------------------------------------------------


async def test_a_new_group_is_made_with_its_stream(payments: Observed) -> None:
    assert await ensure_group(payments.client, "orders", asked()) == GroupEnsured("created", "0-0")
    await payments.add(3)

    assert await payments.lag() == (3, "Exact")


@pytest.mark.parametrize(("start", "lag"), [("Earliest", 3), ("Latest", 0)])
async def test_a_new_group_starts_where_it_was_asked_to(payments: Observed, start: str, lag: int) -> None:
    await payments.add(3)

    await ensure_group(payments.client, "orders", asked(startFrom=start))

    assert (await payments.lag())[0] == lag


async def test_an_existing_group_is_left_as_it_is(payments: Observed) -> None:
    await payments.create()
    await payments.add(3)
    await payments.read("pod", 2)

    assert (await ensure_group(payments.client, "orders", asked(startFrom="Latest"))).how == "exists"
    assert await payments.lag() == (1, "Exact")


@pytest.mark.parametrize(
    ("policy", "how", "lag"), [("Resume", "repaired", 2), ("Earliest", "repaired", 5), ("Latest", "repaired", 0)]
)
async def test_a_lost_group_begins_where_its_policy_says(payments: Observed, policy: str, how: str, lag: int) -> None:
    await ensure_group(payments.client, "orders", asked(onLost=policy))
    ids = await payments.add(5)
    await payments.client.hset(payments.keys.state, mapping={"low": ids[2], "first": ids[0]})  # as commits note it
    await payments.client.xgroup_destroy("orders", "payments")

    ensured = await ensure_group(payments.client, "orders", asked(onLost=policy))

    assert ensured.how == how
    assert (await payments.lag())[0] == lag


async def test_a_lost_group_is_left_to_a_person_where_that_was_asked_for(payments: Observed) -> None:
    await ensure_group(payments.client, "orders", asked(onLost="Fail"))
    await payments.client.xgroup_destroy("orders", "payments")

    assert (await ensure_group(payments.client, "orders", asked(onLost="Fail"))).how == "refused"
    assert await payments.client.xinfo_groups("orders") == []


async def test_a_watermark_of_an_earlier_stream_skips_nothing(payments: Observed) -> None:
    await ensure_group(payments.client, "orders", asked())
    await payments.client.hset(payments.keys.state, "low", "99999999999999-0")
    await payments.client.delete("orders")
    await payments.add(4)

    await ensure_group(payments.client, "orders", asked())

    assert await payments.lag() == (4, "Exact")


async def test_a_stream_that_began_anew_below_the_watermark_skips_nothing(
    payments: Observed, server: EmbeddedServer
) -> None:
    service = Service("payments", redis=server.url)
    service.consume("orders")

    @service.on(OrderCreated, stream="orders")
    async def handle(order: OrderCreated) -> None: ...

    async with service:  # which records the watermark, and what stream it belongs to
        await payments.client.xadd("orders", {"type": "ORDER_CREATED", "payload": '{"number": 1}'}, id="900-0")
        await payments.client.xadd("orders", {"type": "ORDER_CREATED", "payload": '{"number": 2}'}, id="1000-0")
        await eventually(lambda: watermark_is(payments, b"1000-0"))
    await payments.client.delete("orders")
    for entry_id in ("1000-0", "1000-1", "2000-0"):
        await payments.client.xadd("orders", {"type": "ORDER_CREATED", "payload": '{"number": 3}'}, id=entry_id)

    assert await ensure_group(payments.client, "orders", asked()) == GroupEnsured("repaired", "0-0")


async def test_a_trimmed_stream_is_not_taken_for_a_new_one(payments: Observed) -> None:
    await ensure_group(payments.client, "orders", asked())
    ids = await payments.add(5)
    await payments.client.hset(payments.keys.state, mapping={"low": ids[3], "first": ids[0]})  # as commits note it
    await payments.client.xtrim("orders", minid=ids[2])
    await payments.client.xgroup_destroy("orders", "payments")

    assert await ensure_group(payments.client, "orders", asked()) == GroupEnsured("repaired", ids[3].decode())


async def watermark_is(group: Observed, entry_id: bytes) -> bool:
    return bool(await group.client.hget(group.keys.state, "low") == entry_id)


async def test_the_sdk_follows_the_policy_that_the_operator_wrote(payments: Observed, server: EmbeddedServer) -> None:
    await ensure_group(payments.client, "orders", asked(onLost="Latest"))
    service = Service("payments", redis=server.url)
    service.consume("orders", on_lost_group="earliest")

    @service.on(OrderCreated, stream="orders")
    async def handle(order: OrderCreated) -> None: ...

    async with service:
        await eventually(lambda: payments.client.xinfo_groups("orders"))

    assert await payments.client.hget(payments.keys.state, "policy") == b"latest"


# --- reaping ----------------------------------------------------------------------------------------------------------


async def test_a_dead_consumer_that_owns_nothing_is_removed(payments: Observed) -> None:
    await payments.create()
    ids = await payments.add(2)
    await payments.read("dead", 2)
    await payments.client.xack("orders", "payments", *ids)

    assert await reap(payments.client, "orders", "payments", "dead") == Reaped(0, removed=True)
    assert (await payments.look()).consumers == ()


async def test_what_a_dead_consumer_owned_is_handled_once_by_a_living_one(
    payments: Observed, server: EmbeddedServer
) -> None:
    await payments.create()
    for number in range(20):
        payload = OrderCreated(number=number).model_dump_json()
        await payments.client.xadd("orders", {"type": "ORDER_CREATED", "payload": payload})
    await payments.read("dead", 20)
    handled: list[tuple[int, int]] = []
    service = Service("payments", redis=server.url)
    service.consume("orders", lease=Lease(seconds=600))  # far longer than this test: only the release can bring them

    @service.on(OrderCreated, stream="orders")
    async def handle(order: OrderCreated, context: Context) -> None:
        handled.append((order.number, context.delivery_count))

    async with service:
        await reap(payments.client, "orders", "payments", "dead")
        await eventually(lambda: len(handled) == 20, within_seconds=60)
        await eventually(lambda: no_pending(payments), within_seconds=60)

    assert sorted(number for number, _ in handled) == list(range(20))
    assert "dead" not in {consumer.name for consumer in (await payments.look()).consumers}


async def no_pending(group: Observed) -> bool:
    return (await group.look()).pending == 0


async def test_more_than_one_call_may_move_is_moved_by_further_calls_and_the_name_stays_until_then(
    payments: Observed,
) -> None:
    await payments.create()
    await payments.add(700)
    await payments.read("dead", 700)

    first = await reap(payments.client, "orders", "payments", "dead")
    second = await reap(payments.client, "orders", "payments", "dead")

    assert (first, second) == (Reaped(500, removed=False), Reaped(200, removed=True))
    assert {(seen.name, seen.pending) for seen in (await payments.look()).consumers} == {("~released", 700)}


async def test_reaping_counts_no_delivery(payments: Observed) -> None:
    await payments.create()
    await payments.add(1)
    await payments.read("dead", 1)

    await reap(payments.client, "orders", "payments", "dead")

    ((entry),) = await payments.client.xpending_range("orders", "payments", "-", "+", 10)
    assert (entry["consumer"], entry["times_delivered"]) == (b"~released", 1)


async def test_reaping_again_or_where_nothing_is_left_does_no_harm(payments: Observed) -> None:
    assert (await reap(payments.client, "orders", "payments", "dead")).removed
    await payments.create()

    assert (await reap(payments.client, "orders", "payments", "dead")).removed
    assert (await reap(payments.client, "orders", "absent", "dead")).removed


async def test_the_reserved_consumer_is_never_reaped(payments: Observed) -> None:
    with pytest.raises(ValueError, match="reserved"):
        await reap(payments.client, "orders", "payments", "~released")
