"""What is remembered of an Idempotency-Key, on the server: it holds across processes and restarts."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from pydantic import BaseModel
from redis.asyncio import Redis

__all__ = ["KeyStore", "Remembered"]


class Remembered(BaseModel):
    """What a key stands for.

    Args:
        order_id: The order that every request with the key is about.
        correlation_id: Its flow.
        fingerprint: Digest of the order, to refuse another order under the same key.
        published: Whether the order is known to be in the stream.
    """

    order_id: str
    correlation_id: str
    fingerprint: str
    published: bool = False


class KeyStore:
    """Remembers keys for a while.

    Args:
        redis: Client of the event store.
        prefix: Put before each key.
        keep_seconds: How long a key is remembered.
    """

    def __init__(self, redis: Redis, *, prefix: str, keep_seconds: float) -> None:
        self._redis = redis
        self._prefix = f"{prefix}idempotency:"
        self._keep_ms = int(keep_seconds * 1000)

    async def remember(self, key: str, wanted: Remembered) -> tuple[Remembered, bool]:
        """Return what a key stands for, which is `wanted` if it was not known, and whether it was not.

        Raises:
            redis.exceptions.RedisError: The server cannot tell.
        """
        known: Any = await self._redis.set(
            self._name(key), wanted.model_dump_json(), nx=True, get=True, px=self._keep_ms
        )
        return (wanted, True) if known is None else (Remembered.model_validate_json(known), False)

    async def mark_published(self, key: str, remembered: Remembered) -> None:
        """Remember that the order is in the stream.

        Raises:
            redis.exceptions.RedisError: The server did not take it.
        """
        done = remembered.model_copy(update={"published": True})
        await self._redis.set(self._name(key), done.model_dump_json(), px=self._keep_ms)

    async def wait_published(self, key: str, seconds: float) -> Remembered | None:
        """Return what a key stands for once its order is in the stream; None if that took too long.

        Args:
            key: The key.
            seconds: Longest wait: long enough for a request that is under way, short for one that has died.

        Raises:
            redis.exceptions.RedisError: The server cannot tell.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    known = await self._redis.get(self._name(key))
                    if known is not None:
                        remembered = Remembered.model_validate_json(known)
                        if remembered.published:
                            return remembered
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return None

    def _name(self, key: str) -> str:
        # hashed: keys are a customer's text, of any length
        return self._prefix + hashlib.sha256(key.encode()).hexdigest()
