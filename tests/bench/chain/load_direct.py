"""Orders published straight to the stream, either as fast as the chain takes them or at a fixed rate."""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
from pathlib import Path

import redis.asyncio
import uvloop
from tests.bench.chain import accepted
from tests.bench.chain.orders import customer_and_items
from tests.bench.chain.pace import Pace
from tests.bench.stopwatch import report

from shop_events import OrderCreated, Streams
from sluiceway import Publisher

_AT_ONCE = 256
_AHEAD = 4000
"""Most orders that are published and whose last event is not there: what is measured is a steady flow, not a heap."""
_TICK_SECONDS = 0.002

Accepted = list[tuple[str, float]]


_RUN = uuid.uuid4().hex


def order(number: int) -> OrderCreated:
    """Return an order counted from 0, with an ID that no other run has."""
    return OrderCreated.decode(b'{"orderId":"%b-%d",%b}' % (_RUN.encode(), number, customer_and_items(number)))


async def flood(publisher: Publisher, client: redis.asyncio.Redis, orders: int) -> Accepted:
    """Publish as fast as the chain takes them."""
    sent: Accepted = []
    last_events = Streams().notifications
    done_before = await client.xlen(last_events)
    while len(sent) < orders:
        made = [order(number) for number in range(len(sent), min(len(sent) + _AT_ONCE, orders))]
        now = time.time()
        await publisher.publish_many(made)
        sent += [(one.order_id, now) for one in made]
        while len(sent) - (await client.xlen(last_events) - done_before) > _AHEAD:  # noqa: ASYNC110  # on the server, not here
            await asyncio.sleep(_TICK_SECONDS)
    return sent


async def at_pace(publisher: Publisher, pace: Pace) -> Accepted:
    """Publish every order when it is due; what is due at the same time goes together."""
    sent: Accepted = []
    while len(sent) < pace.orders:
        due = range(len(sent), pace.due_by(time.time()))
        if due:
            made = [order(number) for number in due]
            await publisher.publish_many(made)
            sent += [(one.order_id, pace.due(number)) for one, number in zip(made, due, strict=True)]
        await asyncio.sleep(_TICK_SECONDS)
    return sent


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--rate", type=float, help="orders per second; as fast as the chain takes them if not given")
    parser.add_argument("--accepted", type=Path, required=True, help="file that the list of orders is written to")
    options = parser.parse_args()
    async with (
        redis.asyncio.Redis.from_url(options.url) as client,
        Publisher(options.url, stream=Streams().orders) as publisher,
    ):
        cpu_began, began = time.process_time(), time.time()
        if options.rate is None:
            sent = await flood(publisher, client, options.orders)
        else:
            sent = await at_pace(publisher, Pace(began, options.rate, options.orders))
        cpu = time.process_time() - cpu_began
    accepted.write(options.accepted, sent)
    report(began_at=began, ended_at=time.time(), cpu_seconds=cpu, refused=[])


if __name__ == "__main__":
    uvloop.run(main())
