"""A request repeated with the same Idempotency-Key is about the same order, whoever gets it and whatever died meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.proxy import FaultProxy
from tests.support.shop import ORDER, Client, entries, events, orders_app, payments_app, problem, served

from shop_events import PaymentCompleted
from shop_events.record import Record
from shop_orders.idempotency import KeyStore, Remembered
from sluiceway.embedded import EmbeddedServer

KEY = {"Idempotency-Key": "basket-1"}


@pytest_asyncio.fixture
async def shop(server: EmbeddedServer) -> AsyncIterator[Client]:
    async with served(orders_app(server.url)) as client:
        yield client


async def ordered(shop: Client, headers: dict[str, str] = KEY) -> dict[str, Any]:
    response = await shop.post("/orders", json=ORDER, headers=headers)
    assert response.status == 202, await response.text()
    accepted: dict[str, Any] = await response.json()
    assert response.headers["Location"] == f"/orders/{accepted['orderId']}"
    return accepted


async def test_a_repeated_request_has_the_same_answer_and_orders_nothing_more(
    shop: Client, client: redis.asyncio.Redis
) -> None:
    first = await ordered(shop)

    second = await ordered(shop)

    assert second == first
    assert await client.xlen("orders") == 1


async def test_another_key_is_another_order(shop: Client) -> None:
    first = await ordered(shop)

    second = await ordered(shop, {"Idempotency-Key": "basket-2"})

    assert second["orderId"] != first["orderId"]


async def test_a_key_holds_across_a_restart_and_in_other_processes(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async with served(orders_app(server.url)) as before:
        first = await ordered(before)
    async with served(orders_app(server.url)) as after:
        second = await ordered(after)

    assert second == first
    assert await client.xlen("orders") == 1


async def test_requests_with_one_key_at_the_same_time_make_one_order(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async with served(orders_app(server.url)) as one, served(orders_app(server.url)) as other:
        answers = await asyncio.gather(*(ordered(shop) for shop in (one, other) * 10))

    assert all(answer == answers[0] for answer in answers)
    assert await client.xlen("orders") == 1


async def test_a_key_that_was_used_for_a_different_order_is_refused(shop: Client, client: redis.asyncio.Redis) -> None:
    await ordered(shop)

    response = await shop.post("/orders", json={**ORDER, "customerId": "customer-2"}, headers=KEY)

    document = await problem(response, 422)
    assert document["type"] == "urn:problem:idempotency-key-reused"
    assert "basket-1" in document["detail"]
    assert await client.xlen("orders") == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel"], ids=["empty", "too long", "not ASCII"])
async def test_a_key_that_is_none_is_refused(shop: Client, key: str) -> None:
    response = await shop.post("/orders", json=ORDER, headers={"Idempotency-Key": key})

    document = await problem(response, 400)
    assert document["errors"][0]["field"] == "Idempotency-Key"
    assert "1 to 255" in document["errors"][0]["allowed"]


async def test_a_refused_order_leaves_its_key_free(shop: Client) -> None:
    await problem(await shop.post("/orders", json={**ORDER, "items": []}, headers=KEY), 422)

    await ordered(shop)


async def test_a_key_is_not_remembered_for_ever(shop: Client, client: redis.asyncio.Redis) -> None:
    await ordered(shop)

    (name,) = [name async for name in client.scan_iter("idempotency:*")]
    assert 86_000 < await client.ttl(name) <= 86_400


async def test_an_order_whose_service_died_before_publishing_it_is_published_by_the_retry(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async with served(orders_app(server.url)) as shop:
        first = await ordered(shop)
        await forget_publishing(client)
        await client.delete("orders")
        second = await ordered(shop)

    ((_, fields),) = await entries(client, "orders")
    assert second == first
    assert fields[b"key"].decode() == first["orderId"]
    assert fields[b"correlationId"].decode() == first["correlationId"]


async def test_an_order_whose_service_died_right_after_publishing_it_is_charged_once(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    async with served(orders_app(server.url)) as shop, served(payments_app(server.url, tmp_path)):
        first = await ordered(shop)
        await forget_publishing(client)
        second = await ordered(shop)
        event_ids = [fields[b"id"] for _, fields in await entries(client, "orders")]
        # a later order has been paid: whatever the copy might cause has happened by then
        last = await ordered(shop, {"Idempotency-Key": "basket-2"})
        await eventually(lambda: paid(client, last["orderId"]))

    assert second == first
    assert len(event_ids) == 2
    assert len(set(event_ids)) == 1
    assert [line["orderId"] for line in Record(tmp_path)].count(first["orderId"]) == 1
    payments = await events(client, "payments", PaymentCompleted)
    assert sorted(payment.order_id for payment in payments if isinstance(payment, PaymentCompleted)) == sorted(
        [first["orderId"], last["orderId"]]
    )


async def test_a_reply_lost_on_the_way_makes_no_second_order(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async with FaultProxy(server.url) as proxy, served(orders_app(proxy.url, request_timeout_seconds=0.5)) as shop:
        await ordered(shop, {"Idempotency-Key": "warm-up"})
        proxy.hold_replies()
        await problem(await shop.post("/orders", json=ORDER, headers=KEY), 503)
        proxy.heal()
        proxy.cut()

        # as a customer does who is told to try again
        accepted = await eventually(lambda: ordered(shop))
        again = await ordered(shop)

    assert again == accepted
    orders = {fields[b"key"].decode() for _, fields in await entries(client, "orders")}
    assert len(orders) == 2, "the warm-up and the one order"
    assert accepted["orderId"] in orders


async def test_a_request_does_not_wait_long_for_one_that_died(client: redis.asyncio.Redis) -> None:
    keys = KeyStore(client, prefix="", keep_seconds=60)
    wanted = Remembered(order_id="order-1", correlation_id="flow-1", fingerprint="f")

    remembered, is_new = await keys.remember("basket-1", wanted)
    seen, seen_is_new = await keys.remember("basket-1", wanted.model_copy(update={"order_id": "order-2"}))
    waited = await keys.wait_published("basket-1", seconds=0.1)

    assert (remembered, is_new) == (wanted, True)
    assert (seen, seen_is_new) == (wanted, False)
    assert waited is None


async def forget_publishing(client: redis.asyncio.Redis) -> None:
    """Leave the key as a service leaves it that dies before it can note that the order is in the stream."""
    (name,) = [name async for name in client.scan_iter("idempotency:*")]
    stored = Remembered.model_validate_json(await client.get(name) or b"")
    await client.set(name, stored.model_copy(update={"published": False}).model_dump_json(), keepttl=True)


async def paid(client: redis.asyncio.Redis, order_id: str) -> bool:
    payments = await events(client, "payments", PaymentCompleted)
    return any(isinstance(payment, PaymentCompleted) and payment.order_id == order_id for payment in payments)
