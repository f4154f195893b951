"""What is kept of an order on the server: only ever newer, whatever arrives when."""

from __future__ import annotations

import itertools

import pytest
import redis.asyncio
from tests.support.conditions import full
from tests.support.shop import order_created

from shop_events import NotificationSent, PaymentCompleted, PaymentFailed
from shop_orders.read_model import Fact, OrderView, fact
from sluiceway.embedded import EmbeddedServer

PAID = PaymentCompleted(order_id="order-1", customer_id="customer-1", payment_id="pay-1", amount_cents=2000)
FAILED = PaymentFailed(order_id="order-1", customer_id="customer-1", reason="card declined")
TOLD = NotificationSent(order_id="order-1", customer_id="customer-1", message_id="<m1>")


@pytest.fixture
def view(client: redis.asyncio.Redis) -> OrderView:
    return OrderView(client, prefix="", keep_seconds=60)


async def test_nothing_is_known_of_an_order_without_events(view: OrderView) -> None:
    assert await view.get("order-1") is None


async def test_events_give_one_state_in_every_order_and_however_often(view: OrderView) -> None:
    facts = [fact(order_created(), "10-0"), fact(PAID, "20-0"), fact(TOLD, "30-0")]
    states = []
    for number, arrival in enumerate(itertools.permutations(facts)):
        order_id = f"order-{number}"
        for each in arrival + arrival[:2]:
            await view.apply([of(order_id, each)])
        state = await view.get(order_id)
        assert state is not None
        states.append(state.model_copy(update={"order_id": "any"}))

    assert all(state == states[0] for state in states)
    assert (states[0].status, states[0].notified_at is None) == ("paid", False)


async def test_an_older_event_does_not_undo_a_newer_one(view: OrderView) -> None:
    await view.apply([fact(PAID, "30-0")])

    await view.apply([fact(FAILED, "20-0")])

    state = await view.get("order-1")
    assert state is not None
    assert state.status == "paid"


async def test_the_sequence_within_a_millisecond_counts_as_a_number(view: OrderView) -> None:
    await view.apply([fact(FAILED, "20-9")])

    await view.apply([fact(PAID, "20-10")])

    state = await view.get("order-1")
    assert state is not None
    assert state.status == "paid"


async def test_an_order_is_forgotten_some_time_after_its_last_event(
    view: OrderView, client: redis.asyncio.Redis
) -> None:
    await view.apply([fact(order_created(), "10-0")])

    assert 60 <= await client.ttl("order:order-1") <= 64


async def test_a_later_event_keeps_an_order_for_as_long_as_the_first_one_did(
    view: OrderView, client: redis.asyncio.Redis
) -> None:
    await view.apply([fact(order_created(), "10-0")])
    await client.expire("order:order-1", 59)

    await view.apply([fact(PAID, "20-0")])

    assert 60 <= await client.ttl("order:order-1") <= 64


async def test_what_comes_twice_does_not_keep_an_order_longer(view: OrderView, client: redis.asyncio.Redis) -> None:
    await view.apply([fact(order_created(), "10-0")])
    await client.expire("order:order-1", 59)

    await view.apply([fact(order_created(), "10-0")])

    assert await client.ttl("order:order-1") <= 59


async def test_a_full_server_still_takes_what_happened_to_orders_it_has_accepted(own_server: EmbeddedServer) -> None:
    async with redis.asyncio.Redis.from_url(own_server.url) as client:
        view = OrderView(client, prefix="", keep_seconds=60)
        with full(own_server):
            await view.apply([fact(order_created(), "10-0"), fact(PAID, "20-0")])

        state = await view.get("order-1")

    assert state is not None
    assert state.status == "paid"


def of(order_id: str, known: Fact) -> Fact:
    """The same fact about another order."""
    return Fact(order_id, known.part, known.said.replace(b"order-1", order_id.encode()))
