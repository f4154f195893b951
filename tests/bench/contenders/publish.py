"""Sluiceway publishes typed events, pipelined, each with an event ID of its own; every one is confirmed by the server."""

from __future__ import annotations

import argparse

import redis
import uvloop
from tests.bench.contenders.events import publish
from tests.bench.stopwatch import Stopwatch, report


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=int, required=True)
    options = parser.parse_args()
    watch = Stopwatch(options.url)
    await publish(options.url, options.events)
    taken = watch.stop()
    with redis.Redis.from_url(options.url) as client:
        report(processed=client.xlen("orders"), outputs=0, **taken)


if __name__ == "__main__":
    uvloop.run(main())
