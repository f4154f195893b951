"""The workload as Sluiceway's events: the same fields, with a type name each."""

from __future__ import annotations

from tests.bench.workload import PAYLOAD, Order, Payment

from sluiceway import Event, Publisher

__all__ = ["OrderCreated", "PaymentCompleted", "publish", "publish_at_once"]

publish_at_once = 512
"""Events of one call: two round trips."""


class OrderCreated(Order, Event, type="ORDER_CREATED"):
    pass


class PaymentCompleted(Payment, Event, type="PAYMENT_COMPLETED"):
    pass


async def publish(url: str, events: int) -> int:
    """Publish so many orders, pipelined, and return for how many the server gave an entry ID."""
    orders = [OrderCreated.decode(PAYLOAD)] * publish_at_once
    published = 0
    async with Publisher(url, stream="orders") as publisher:
        while published < events:
            receipts = await publisher.publish_many(orders[: events - published])
            published += len({receipt.entry_id for receipt in receipts})
    return published
