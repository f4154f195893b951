"""A consumer that holds events and does not finish them: what each of them costs it. Runs in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging

import psutil
import structlog
import uvloop
from tests.bench.contenders.events import OrderCreated, publish
from tests.bench.stopwatch import report

from sluiceway import Service
from sluiceway.engine.holdings import Holdings

_AT_ONCE = 16


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=int, required=True)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    finish = asyncio.Event()
    service = Service("payments", redis=options.url)
    service.consume("orders", in_flight=2 * options.events + 2000)

    @service.on(OrderCreated, stream="orders", concurrency=_AT_ONCE, timeout_seconds=3600)
    async def hold(_: OrderCreated) -> None:
        await finish.wait()

    process = psutil.Process()
    async with service:
        holdings = service.consumers[0].holdings
        # the first thousand brings everything along that is needed once: connections, tables, the allocator's arenas
        await publish(options.url, 1000)
        await _held(holdings, 1000)
        before = process.memory_info().rss
        await publish(options.url, options.events)
        await _held(holdings, options.events + 1000)
        after = process.memory_info().rss
        report(held=holdings.held, bytes_per_event=(after - before) / options.events)
        finish.set()


async def _held(holdings: Holdings, wanted: int) -> None:
    while holdings.held < wanted:  # noqa: ASYNC110  # a plain counter
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    uvloop.run(main())
