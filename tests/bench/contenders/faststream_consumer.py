"""FastStream consumes a filled stream in one process. Runs in an environment of its own (`requirements/bench.txt`).

Configured as its documents have it: a consumer group through `StreamSub(group=…, consumer=…)`, acknowledgement after
success, which is its default (https://faststream.ag2.ai/latest/redis/streams/groups/ and …/ack/), `batch=True` with
`max_records` for the batch mode (…/streams/subscription/), and several messages published in one round trip through
its `pipeline` argument (https://faststream.ag2.ai/latest/redis/pipeline/). Left out, to its advantage: its logging.
`max_workers` was tried and is slower here, since the handlers do not wait for anything.

In batch mode its acknowledgement is all or nothing: one bad event keeps the whole batch pending.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import redis.asyncio
import uvloop
from faststream.redis import RedisBroker, StreamSub
from tests.bench.stopwatch import Stopwatch, report
from tests.bench.workload import PAYLOAD, Order, Payment, payment_for

_PUBLISHED_AT_ONCE = 500


class Progress:
    """How many events were handled, and a sign once these are all.

    Args:
        wanted: How many that are.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._handled = 0
        self.complete = asyncio.Event()

    def add(self, events: int) -> None:
        """Count handled events."""
        self._handled += events
        if self._handled >= self._wanted:
            self.complete.set()


def single(broker: RedisBroker, progress: Progress, count: int) -> None:
    """One event a call, acknowledged one by one."""

    @broker.subscriber(stream=_subscription(count))
    async def look(_: Order) -> None:
        progress.add(1)


def single_with_output(broker: RedisBroker, progress: Progress, count: int) -> None:
    """The same, publishing what the handler returns."""

    @broker.publisher(stream="payments")
    @broker.subscriber(stream=_subscription(count))
    async def pay(order: Order) -> Payment:
        progress.add(1)
        return payment_for(order)


def batch(broker: RedisBroker, progress: Progress, count: int) -> None:
    """Many events a call, acknowledged at once."""

    @broker.subscriber(stream=_subscription(count, batch=True))
    async def look(orders: list[Order]) -> None:
        progress.add(len(orders))


def batch_with_output(broker: RedisBroker, client: redis.asyncio.Redis, progress: Progress, count: int) -> None:
    """The same, publishing one payment an order in one round trip."""

    @broker.subscriber(stream=_subscription(count, batch=True))
    async def pay(orders: list[Order]) -> None:
        async with client.pipeline(transaction=False) as pipeline:
            for order in orders:
                await broker.publish(payment_for(order), stream="payments", pipeline=pipeline)
            await pipeline.execute()
        progress.add(len(orders))


def _subscription(count: int, *, batch: bool = False) -> Any:
    return StreamSub("orders", group="payments", consumer="one", max_records=count, batch=batch)


async def fill(broker: RedisBroker, client: redis.asyncio.Redis, events: int) -> None:
    """Publish in FastStream's own format, many in a round trip, to a stream with a group that reads it from the start."""
    await client.xgroup_create("orders", "payments", id="0", mkstream=True)
    order = Order.model_validate_json(PAYLOAD)
    for first in range(0, events, _PUBLISHED_AT_ONCE):
        async with client.pipeline(transaction=False) as pipeline:
            for _ in range(min(_PUBLISHED_AT_ONCE, events - first)):
                await broker.publish(order, stream="orders", pipeline=pipeline)
            await pipeline.execute()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--mode", choices=["single", "batch"], required=True)
    parser.add_argument("--output", action="store_true", help="publish one payment an order")
    options = parser.parse_args()
    progress = Progress(options.events)
    broker = RedisBroker(options.url, logger=None)
    async with redis.asyncio.Redis.from_url(options.url) as client:
        if options.mode == "single":
            (single_with_output if options.output else single)(broker, progress, options.count)
        elif options.output:
            batch_with_output(broker, client, progress, options.count)
        else:
            batch(broker, progress, options.count)
        await broker.connect()
        await fill(broker, client, options.events)
        watch = Stopwatch(options.url)
        await broker.start()
        await progress.complete.wait()
        while (await client.xpending("orders", "payments"))["pending"]:  # noqa: ASYNC110  # on the server, not here
            await asyncio.sleep(0.002)
        taken = watch.stop()
        await broker.stop()
        report(processed=options.events, outputs=await client.xlen("payments"), **taken)


if __name__ == "__main__":
    uvloop.run(main())
