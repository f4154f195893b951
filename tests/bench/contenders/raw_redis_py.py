"""The yardstick: redis-py alone. It reads, parses the JSON and acknowledges, and promises nothing else.

No retries, no leases, no memory of event IDs, no dead letters, no outputs; one connection, one batch at a time.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import redis.asyncio
import uvloop
from tests.bench.stopwatch import Stopwatch, report
from tests.bench.workload import PAYLOAD

_PUBLISHED_AT_ONCE = 500


async def fill(client: redis.asyncio.Redis, events: int) -> None:
    """Fill the stream with entries of the same fields as Sluiceway's, and make the group that reads it from the start."""
    for first in range(0, events, _PUBLISHED_AT_ONCE):
        async with client.pipeline(transaction=False) as pipeline:
            for number in range(first, min(first + _PUBLISHED_AT_ONCE, events)):
                event_id = f"00000000-0000-4000-8000-{number:012}"
                _ = pipeline.xadd(
                    "orders",
                    {"id": event_id, "type": "ORDER_CREATED", "payload": PAYLOAD, "correlationId": event_id},
                )
            await pipeline.execute()
    await client.xgroup_create("orders", "payments", id="0")


async def drain(client: redis.asyncio.Redis, count: int) -> int:
    """Read, parse and acknowledge until nothing is left, and return how many entries that were."""
    drained = 0
    while reply := await client.execute_command(  # type: ignore[no-untyped-call]
        "XREADGROUP", "GROUP", "payments", "one", "COUNT", count, "STREAMS", "orders", ">"
    ):
        entries = entries_of(reply)
        for _, fields in entries:
            json.loads(fields[b"payload"])
        drained += await client.xack("orders", "payments", *(entry_id for entry_id, _ in entries))
    return drained


def entries_of(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the only stream in a reply to XREADGROUP, which redis-py shapes by protocol version."""
    ((_, entries),) = reply.items() if isinstance(reply, dict) else reply
    # RESP3 wraps the list of entries in one more list
    return entries[0] if entries and isinstance(entries[0], list) else entries


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    async with redis.asyncio.Redis.from_url(options.url) as client:
        await fill(client, options.events)
        watch = Stopwatch(options.url)
        drained = await drain(client, options.count)
        report(processed=drained, outputs=0, **watch.stop())


if __name__ == "__main__":
    uvloop.run(main())
