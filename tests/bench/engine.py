# ruff: noqa: T201 - what it prints is its output
"""How fast the SDK publishes and consumes in one process, beside what redis-py alone does in the same run.

Run it with `make bench`. Every row is measured once a round, in turn, so that a machine that slows down slows all of
them; the medians are shown, and ratios to the raw loop. An event is one entry appended or consumed. It asserts nothing
but that the work was done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio
import structlog
import uvloop
from tests.bench.raw_redis_py import PAYLOAD, measure
from tests.support.servers import SERVERS, name_of

from sluiceway import Batch, Deduplicate, Event, Publisher, Service
from sluiceway.embedded import EmbeddedServer

ROOT = Path(__file__).parents[2]


class Item(Event):
    product_id: str
    quantity: int


class Order(Event, type="ORDER_CREATED"):
    order_id: str
    customer_id: str
    items: tuple[Item, ...]
    currency: str
    total: str


class Paid(Event, type="PAYMENT_COMPLETED"):
    order_id: str
    amount: str
    currency: str


Declare = Callable[[Service], None]


def ack_only(service: Service) -> None:
    @service.on(Order, stream="orders")
    async def look(_: Order) -> None:
        pass


def one_output(service: Service) -> None:
    @service.on(Order, stream="orders", publishes="payments")
    async def pay(order: Order) -> Paid:
        return Paid(order_id=order.order_id, amount=order.total, currency=order.currency)


def one_by_one(service: Service) -> None:
    @service.on(Order, stream="orders", publishes="payments", concurrency=1)
    async def pay(order: Order) -> Paid:
        await asyncio.sleep(0)
        return Paid(order_id=order.order_id, amount=order.total, currency=order.currency)


def in_batches(service: Service) -> None:
    @service.on(Order, stream="orders", publishes="payments", batch=256)
    async def pay(batch: Batch[Order]) -> None:
        for item in batch:
            order = item.event
            item.context.publish(Paid(order_id=order.order_id, amount=order.total, currency=order.currency))


async def publish(server: EmbeddedServer, events: int) -> float:
    """Publish so many events and return how many a second."""
    orders = [Order.decode(PAYLOAD)] * 500
    async with Publisher(server.url, stream="orders") as publisher:
        began = time.perf_counter()
        for _ in range(events // len(orders)):
            await publisher.publish_many(orders)
        return events / (time.perf_counter() - began)


async def consume(server: EmbeddedServer, events: int, count: int, declare: Declare, *, markers: bool = True) -> float:
    """Consume a filled stream and return how many events a second."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        await client.flushall()
        await publish(server, events)
        service = Service("payments", redis=server.url)
        deduplicate = Deduplicate() if markers else Deduplicate(seconds=0)
        service.consume("orders", read_count=count, commit_count=count, deduplicate=deduplicate)
        declare(service)
        async with service:
            settled = service.consumers[0].stats.settled
            began = time.perf_counter()
            while settled["handled"] < events:  # noqa: ASYNC110  # a plain counter: nothing is added to what is measured
                await asyncio.sleep(0.01)
            taken = time.perf_counter() - began
        outputs = await client.xlen("payments")
        if outputs != (0 if declare is ack_only else events):
            raise RuntimeError(f"{declare.__name__}: {outputs} outputs of {events} events")
    return events / taken


async def publish_alone(server: EmbeddedServer, events: int) -> float:
    """Publish to an empty server."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        await client.flushall()
    return await publish(server, events)


async def raw(server: EmbeddedServer, events: int) -> float:
    """The raw redis-py loop: read 50, parse JSON, acknowledge."""
    return float((await measure(server, "ack", events, 50)).events_per_s)


def rows(server: EmbeddedServer, events: int) -> dict[str, Callable[[], Awaitable[float]]]:
    """Every measurement by its name."""
    return {
        "raw_redis_py": lambda: raw(server, events),
        "publish": lambda: publish_alone(server, events),
        "consume_ack_only": lambda: consume(server, events, 256, ack_only, markers=False),
        "consume_full_50": lambda: consume(server, events, 50, one_output),
        "consume_full_256": lambda: consume(server, events, 256, one_output),
        "consume_one_by_one": lambda: consume(server, events, 256, one_by_one),
        "consume_batch": lambda: consume(server, events, 256, in_batches),
    }


async def run(events: int, runs: int) -> list[dict[str, object]]:
    with EmbeddedServer(binary=SERVERS[0]) as server:
        print(
            f"{name_of(SERVERS[0])}, {events} events a run, {runs} runs, medians; payload {len(PAYLOAD)} bytes, uvloop"
        )
        measured: dict[str, list[float]] = {}
        for _ in range(runs):
            for name, measurement in rows(server, events).items():
                measured.setdefault(name, []).append(await measurement())
    yardstick = statistics.median(measured["raw_redis_py"])
    return [
        {
            "name": name,
            "events_per_s": round(statistics.median(values)),
            "ratio_to_raw": round(statistics.median(values) / yardstick, 3),
            "runs": [round(value) for value in values],
        }
        for name, values in measured.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description="The SDK's speed.")
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "sdk.json")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    table = uvloop.run(run(options.events, options.runs))
    print(f"\n{'name':<20} {'events/s':>10} {'to raw':>8}")
    for row in table:
        print(f"{row['name']:<20} {row['events_per_s']:>10,} {row['ratio_to_raw']:>8}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(table, indent=2) + "\n")
    print(f"\nwritten to {options.json.relative_to(ROOT) if options.json.is_relative_to(ROOT) else options.json}")


if __name__ == "__main__":
    main()
