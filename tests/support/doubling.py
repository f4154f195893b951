"""The smallest useful service: it reads numbers and publishes their doubles. Tests of guarantees count what comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import redis.asyncio

from sluiceway import Context, Deduplicate, Event, Lease, Publisher, RedisSettings, Service
from sluiceway.keys import GroupKeys

__all__ = [
    "DOUBLED",
    "KEYS",
    "NUMBERS",
    "Doubled",
    "Handle",
    "Number",
    "dead_letters",
    "doubles",
    "numbers_service",
    "pending",
    "publish_numbers",
    "settled",
    "stored",
]

NUMBERS, DOUBLED, GROUP = "numbers", "doubled", "doubling"
KEYS = GroupKeys(NUMBERS, GROUP)
QUICK_LEASE = Lease(seconds=0.6, poll_seconds=0.1)

Handle = Callable[["Number", Context], Awaitable["Doubled | None"]]


class Number(Event, type="NUMBER"):
    value: int


class Doubled(Event, type="DOUBLED"):
    value: int


async def double(number: Number, context: Context) -> Doubled | None:
    del context
    return Doubled(value=number.value * 2)


def numbers_service(
    url: str,
    handle: Handle = double,
    *,
    consumer: str | None = None,
    lease: Lease = QUICK_LEASE,
    deduplicate: Deduplicate | None = None,
    handler: dict[str, Any] | None = None,
    **options: Any,
) -> Service:
    """Return the service, not yet started.

    Args:
        url: The server.
        handle: What it does with a number; None: publish its double.
        consumer: Its name in the group.
        lease: Short unless the test is not about takeovers.
        deduplicate: As for `Service.consume`.
        handler: Further arguments of `Service.on`.
        options: Further arguments of `Service.consume`.
    """
    service = Service("doubling", RedisSettings(url=url), consumer=consumer, grace_seconds=0.2)
    service.on(Number, stream=NUMBERS, publishes=DOUBLED, **(handler or {}))(handle)
    service.consume(NUMBERS, lease=lease, deduplicate=deduplicate, **options)
    return service


async def publish_numbers(url: str, *values: int, event_ids: Sequence[str] = ()) -> list[str]:
    """Publish numbers, under the given event IDs or new ones, and return their entry IDs."""
    async with Publisher(url, NUMBERS) as publisher:
        return [
            (await publisher.publish(Number(value=value), event_id=event_ids[at] if event_ids else None)).entry_id
            for at, value in enumerate(values)
        ]


async def stored(client: redis.asyncio.Redis, stream: str = NUMBERS) -> dict[str, dict[bytes, bytes]]:
    """The entries of a stream, ID to fields."""
    found: Any = await client.xrange(stream)
    return {entry_id.decode(): fields for entry_id, fields in found}


async def doubles(client: redis.asyncio.Redis, stream: str = DOUBLED) -> list[int]:
    """The numbers in a stream of outputs, in ascending order; each copy of an output counts."""
    entries = await stored(client, stream)
    return sorted(Doubled.decode(fields[b"payload"]).value for fields in entries.values())


async def pending(client: redis.asyncio.Redis, consumer: str | None = None, stream: str = NUMBERS) -> list[str]:
    """The IDs of the entries that are pending for the group, or for one of its consumers."""
    found: Any = await client.xpending_range(stream, GROUP, "-", "+", 10_000, consumername=consumer)
    return [entry["message_id"].decode() for entry in found]


async def settled(client: redis.asyncio.Redis, wanted: Sequence[int]) -> bool:
    """Whether exactly these doubles are there, each once, and nothing is pending."""
    return await doubles(client) == sorted(wanted) and await pending(client) == []


async def dead_letters(client: redis.asyncio.Redis) -> int:
    """How many dead letters the group has."""
    count: int = await client.xlen(KEYS.dead)
    return count
