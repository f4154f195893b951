"""The payments service: one charge and one payment event for each order, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import redis.asyncio
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs
from tests.support.shop import entries, events, order_created, payments_app, served

from shop_events import PaymentCompleted, PaymentFailed
from shop_events.record import Record
from shop_payments.provider import Approved, Charge, Outcome, ProviderUnavailable
from sluiceway import DeadLetters, Publisher
from sluiceway.embedded import EmbeddedServer


async def test_an_order_becomes_a_charge_and_a_payment(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    async with served(payments_app(server.url, tmp_path, unit_price_cents=250)):
        async with Publisher(server.url, stream="orders") as publisher:
            receipt = await publisher.publish(order_created("order-1", quantity=3), correlation_id="flow-1")
        await eventually(lambda: client.xlen("payments"))

    (line,) = Record(tmp_path)
    ((_, fields),) = await entries(client, "payments")
    assert (line["key"], line["amountCents"]) == (receipt.event_id, 750)
    assert await events(client, "payments", PaymentCompleted) == [
        PaymentCompleted(order_id="order-1", customer_id="customer-1", payment_id=line["paymentId"], amount_cents=750)
    ]
    assert (fields[b"correlationId"], fields[b"causationId"]) == (b"flow-1", receipt.event_id.encode())


async def test_a_decline_becomes_a_failed_payment_and_is_not_tried_again(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    async with served(payments_app(server.url, tmp_path, decline_rate=1.0)):
        async with Publisher(server.url, stream="orders") as publisher:
            await publisher.publish(order_created())
        await eventually(lambda: client.xlen("payments"))

    assert await events(client, "payments", PaymentFailed) == [
        PaymentFailed(order_id="order-1", customer_id="customer-1", reason="card declined")
    ]
    assert len(list(Record(tmp_path))) == 1


async def test_an_outage_of_the_provider_is_sat_out(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    provider = Outage()
    app = payments_app(server.url, tmp_path, provider=provider)
    async with served(app):
        async with Publisher(server.url, stream="orders") as publisher:
            await publisher.publish(order_created())
        await eventually(lambda: provider.refused >= 2)
        during = await client.xlen("payments")
        provider.over = True
        await eventually(lambda: client.xlen("payments"), within_seconds=60)

    assert during == 0
    async with DeadLetters(server.url, "orders", "payments") as letters:
        assert await letters.count() == 0


async def test_an_order_that_breaks_a_rule_is_a_dead_letter_and_its_neighbours_are_paid(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    async with Publisher(server.url, stream="orders") as publisher:
        await publisher.publish(order_created("before"))
        await client.xadd("orders", {"type": "ORDER_CREATED", "payload": NEGATIVE})
        await client.xadd("orders", {"type": "ORDER_CREATED", "payload": b"\xff{"})
        await client.xadd("orders", {"type": "ORDER_CREATED", "payload": ENORMOUS})
        await client.xadd("orders", {"type": "ORDER_CREATED", "payload": FOREIGN})
        await publisher.publish(order_created("after"))

    async with (
        served(payments_app(server.url, tmp_path)),
        DeadLetters(server.url, "orders", "payments") as letters,
    ):
        await eventually(lambda: has_length(client, "payments", 3))
        await eventually(lambda: all_given_up(letters, 3))
    paid = await events(client, "payments", PaymentCompleted)
    assert {payment.order_id for payment in paid if isinstance(payment, PaymentCompleted)} == {
        "before",
        "foreign",
        "after",
    }


async def test_a_process_killed_between_the_charge_and_the_commit_charges_nobody_twice(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path, programs: Programs
) -> None:
    books = tmp_path / "books"
    first = payments_process(programs, server, books, PAYMENTS_LATENCY_SECONDS="4")
    async with Publisher(server.url, stream="orders") as publisher:
        for number in range(5):
            await publisher.publish(order_created(f"order-{number}"))
    await eventually(lambda: list(Record(books)), within_seconds=60)
    first.kill()
    charged_before = {line["orderId"]: line["paymentId"] for line in Record(books)}
    assert await client.xlen("payments") == 0, "killed before anything was committed"

    payments_process(programs, server, books)
    await eventually(lambda: has_length(client, "payments", 5), within_seconds=60)

    lines = list(Record(books))
    assert sorted(line["orderId"] for line in lines) == [f"order-{number}" for number in range(5)]
    paid = {
        payment.order_id: payment.payment_id
        for payment in await events(client, "payments", PaymentCompleted)
        if isinstance(payment, PaymentCompleted)
    }
    assert paid == {line["orderId"]: line["paymentId"] for line in lines}
    assert charged_before.items() <= paid.items()


def payments_process(programs: Programs, server: EmbeddedServer, books: Path, **env: str) -> Program:
    return programs.start(
        "-m",
        "shop_payments",
        env={
            "PAYMENTS_REDIS_URL": server.url,
            "PAYMENTS_PORT": "0",
            "PAYMENTS_LEASE_SECONDS": "1",
            "PAYMENTS_DECLINE_RATE": "0",
            "PAYMENTS_LATENCY_SECONDS": "0",
            "PAYMENTS_RECORD_DIRECTORY": str(books),
            **env,
        },
    )


async def all_given_up(letters: DeadLetters, number: int) -> bool:
    return await letters.count() == number


async def has_length(client: redis.asyncio.Redis, stream: str, length: int) -> bool:
    return bool(await client.xlen(stream) == length)


class Outage:
    """A provider that gives no answer until its outage is over."""

    def __init__(self) -> None:
        self.over = False
        self.refused = 0

    async def charge(self, charge: Charge) -> Outcome:
        if not self.over:
            self.refused += 1
            raise ProviderUnavailable("down")
        return Approved(f"pay-{charge.order_id}")


NEGATIVE = b'{"orderId":"negative","customerId":"c1","items":[{"productId":"mug","quantity":-1}]}'
ENORMOUS = b'{"orderId":"' + b"x" * 10_000_000 + b'","customerId":"c1","items":[{"productId":"mug","quantity":1}]}'
FOREIGN = b'{"orderId":"foreign","customerId":"c1","items":[{"productId":"mug","quantity":1}]}'
