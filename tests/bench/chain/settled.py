"""Whether everything that the shop was given is done, as the server sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import redis.asyncio

from shop_events import Streams

__all__ = ["GROUPS", "appended", "until_settled"]

_streams = Streams()
GROUPS = {
    _streams.orders: ("payments", "orders"),
    _streams.payments: ("notifications", "orders"),
    _streams.notifications: ("orders",),
}
"""Who reads what; the orders service keeps its view from all three."""

_POLL_SECONDS = 0.02


async def appended(client: redis.asyncio.Redis) -> int:
    """Return how many entries were ever appended to the shop's streams."""
    return sum([(await client.xinfo_stream(stream))["entries-added"] for stream in GROUPS])


async def until_settled(client: redis.asyncio.Redis) -> None:
    """Wait until every group has been given every entry and has acknowledged it."""
    while not await _settled(client):  # noqa: ASYNC110  # it happens on the server, not here
        await asyncio.sleep(_POLL_SECONDS)


async def _settled(client: redis.asyncio.Redis) -> bool:
    # in the order of the chain: what a later stream is still to get is pending in an earlier one
    for stream, names in GROUPS.items():
        groups: list[dict[str, Any]] = await client.xinfo_groups(stream)
        last = (await client.xinfo_stream(stream))["last-generated-id"]
        states = {group["name"].decode(): group for group in groups}
        for name in names:
            if states[name]["pending"] or states[name]["last-delivered-id"] != last:
                return False
    return True
