"""What is remembered of an Idempotency-Key, on the server: it holds across processes and restarts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, cast

from pydantic import BaseModel
from redis.asyncio import Redis

from shop_events.together import Together

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
        package = files(__package__)
        self._remember_script = redis.register_script(package.joinpath("remember.lua").read_bytes())
        self._mark_script = redis.register_script(package.joinpath("mark.lua").read_bytes())
        self._remember = Together(self._remember_all)
        self._look = Together(self._look_all)

    async def remember(self, key: str, wanted: Remembered) -> tuple[Remembered, bool]:
        """Return what a key stands for, which is `wanted` if it was not known, and whether it was not.

        Raises:
            redis.exceptions.RedisError: The server cannot tell.
        """
        known = await self._remember((key, wanted))
        return (wanted, True) if known is None else (Remembered.model_validate_json(known), False)

    async def mark_published(self, published: Sequence[tuple[str, Remembered]]) -> None:
        """Remember of keys that their orders are in the stream.

        Raises:
            redis.exceptions.RedisError: The server did not take it.
        """
        if published:
            done = [remembered.model_copy(update={"published": True}) for _, remembered in published]
            await self._mark_script(
                keys=[self._name(key) for key, _ in published],
                args=[self._keep_ms, *(each.model_dump_json() for each in done)],
            )

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
                    known = await self._look(key)
                    if known is not None:
                        remembered = Remembered.model_validate_json(known)
                        if remembered.published:
                            return remembered
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return None

    async def _remember_all(self, wanted: Sequence[tuple[str, Remembered]]) -> Sequence[bytes | None]:
        known: list[bytes | None] = await self._remember_script(
            keys=[self._name(key) for key, _ in wanted],
            args=[self._keep_ms, *(each.model_dump_json() for _, each in wanted)],
        )
        return known

    async def _look_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        known: Any = await self._redis.mget([self._name(key) for key in keys])
        return cast("list[bytes | None]", known)

    def _name(self, key: str) -> str:
        # hashed: keys are a customer's text, of any length
        return self._prefix + hashlib.sha256(key.encode()).hexdigest()
