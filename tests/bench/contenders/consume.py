"""Sluiceway consumes a filled stream in one process, with each of the ways to handle events."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Callable

import redis
import structlog
import uvloop
from tests.bench.contenders.events import OrderCreated, PaymentCompleted, publish
from tests.bench.stopwatch import Stopwatch, report

from sluiceway import Batch, Deduplicate, Service

_BATCH = 256


def ack_only(service: Service) -> None:
    """Typed, acknowledged, nothing published."""

    @service.on(OrderCreated, stream="orders")
    async def look(_: OrderCreated) -> None:
        pass


def full(service: Service) -> None:
    """One output an input, committed with the acknowledgement and the marker of its event ID."""

    @service.on(OrderCreated, stream="orders", publishes="payments")
    async def pay(order: OrderCreated) -> PaymentCompleted:
        return paid(order)


def one_by_one(service: Service) -> None:
    """The same, never two handlers at once, and each gives way to the event loop as one that waits for something does."""

    @service.on(OrderCreated, stream="orders", publishes="payments", concurrency=1)
    async def pay(order: OrderCreated) -> PaymentCompleted:
        await asyncio.sleep(0)
        return paid(order)


def batch(service: Service) -> None:
    """The same, many events in one call of the handler."""

    @service.on(OrderCreated, stream="orders", publishes="payments", batch=_BATCH)
    async def pay(orders: Batch[OrderCreated]) -> None:
        for item in orders:
            item.context.publish(paid(item.event))


def paid(order: OrderCreated) -> PaymentCompleted:
    return PaymentCompleted(order_id=order.order_id, amount=order.total, currency=order.currency)


VARIANTS: dict[str, Callable[[Service], None]] = {
    "ack_only": ack_only,
    "full": full,
    "one_by_one": one_by_one,
    "batch": batch,
}


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--variant", choices=VARIANTS, required=True)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    await publish(options.url, options.events)
    service = Service("payments", redis=options.url)
    service.consume(
        "orders",
        read_count=options.count,
        commit_count=options.count,
        # to acknowledge only is to remember no event IDs either
        deduplicate=Deduplicate(seconds=0) if options.variant == "ack_only" else None,
    )
    VARIANTS[options.variant](service)
    watch = Stopwatch(options.url)
    async with service:
        settled = service.consumers[0].stats.settled
        while settled["handled"] < options.events:  # noqa: ASYNC110  # a plain counter: looking at it costs nothing
            await asyncio.sleep(0.01)
        taken = watch.stop()
    with redis.Redis.from_url(options.url) as client:
        pending = client.xpending("orders", "payments")["pending"]
        report(processed=settled["handled"] - pending, outputs=client.xlen("payments"), **taken)


if __name__ == "__main__":
    uvloop.run(main())
