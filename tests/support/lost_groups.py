"""A service whose group is lost under it, and what is known of the group afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from tests.support.consuming import running
from tests.support.numbered import QUICK, Numbered, Recorder, answers, in_one_step, xadd

from sluiceway import Deduplicate, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import GroupKeys

__all__ = ["KEYS", "RERUN", "answering", "destroyed_with", "settled", "watermark"]

KEYS = GroupKeys("orders", "payments")
RERUN = Deduplicate(seconds=0)
"""Without markers a handler runs again for what is delivered again, so a test sees where a group went on."""


@asynccontextmanager
async def answering(
    server: EmbeddedServer, client: redis.asyncio.Redis, recorder: Recorder, order_by: Any = None, **options: Any
) -> AsyncIterator[Service]:
    """Run a service that answers numbers of `orders` on `payments`."""
    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments", order_by=order_by)(recorder.answer)
    service.consume("orders", lease=QUICK, **options)
    async with running(service, client):
        yield service


async def settled(client: redis.asyncio.Redis, *numbers: int) -> bool:
    """Each of these numbers has an answer and nothing is pending."""
    answered = await answers(client, "payments")
    return set(numbers) <= set(answered) and (await client.xpending("orders", "payments"))["pending"] == 0


async def watermark(client: redis.asyncio.Redis, keys: GroupKeys = KEYS) -> str:
    """The low watermark that is stored for a group."""
    low = await client.hget(keys.state, "low")
    assert isinstance(low, bytes)
    return low.decode()


async def destroyed_with(client: redis.asyncio.Redis, *numbers: int) -> None:
    """Destroy the group and append entries, in one step."""
    added = [xadd("orders", number) for number in numbers]
    await in_one_step(client, ("XGROUP", "DESTROY", "orders", "payments"), *added)
