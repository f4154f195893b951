"""A stream's entries as a test looks at them, and many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import redis.asyncio

__all__ = ["append_all", "entries"]


async def entries(client: redis.asyncio.Redis, stream: str) -> list[tuple[str, dict[bytes, bytes]]]:
    """Return all entries of a stream, oldest first."""
    found: Any = await client.xrange(stream)
    return [(entry_id.decode(), fields) for entry_id, fields in found]


async def append_all(client: redis.asyncio.Redis, stream: str, events: Iterable[Mapping[Any, Any]]) -> list[str]:
    """Append entries in one round trip and return their IDs."""
    async with client.pipeline(transaction=False) as pipe:
        for fields in events:
            _ = pipe.xadd(stream, dict(fields))  # queued; the pipeline is what is awaited
        return [entry_id.decode() for entry_id in await pipe.execute()]
