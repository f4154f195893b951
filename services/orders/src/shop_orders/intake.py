"""Taking an order: answer only when it is in the stream, and under one key only once."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from contextlib import suppress

from redis.exceptions import RedisError

from shop_events.together import Together
from sluiceway import Publisher

from .idempotency import KeyStore, Remembered
from .models import OrderAccepted, OrderRequest
from .problem import Problem, ProblemError
from .read_model import Fact, OrderView, fact

__all__ = ["Intake"]

_EVENTS = uuid.UUID("5b0a7c0e-3e0c-5e53-9b5a-0f6a2c9d7e41")


class Intake:
    """Accepts orders.

    With a key, the order's ID is remembered under the key first, then the order is published, then the key is marked.
    Whoever dies in between leaves an unmarked key: a retry with it publishes the same order again. The event ID follows
    from the order's ID, so if the first try did reach the stream, every consumer drops the copy.

    Args:
        publisher: To the stream of orders.
        keys: What Idempotency-Keys stand for.
        view: The orders' states: told at once, so that an order can be asked for as soon as it is accepted.
        timeout_seconds: Longest wait for the event store. For a third of it a request lets another one with the same
            key finish before it takes over.
    """

    def __init__(
        self,
        publisher: Publisher,
        keys: KeyStore,
        view: OrderView,
        *,
        timeout_seconds: float,
    ) -> None:
        self._publisher = publisher
        self._keys = keys
        self._view = view
        self._timeout_seconds = timeout_seconds
        self._follow_up = Together(self._follow_up_all)

    async def accept(self, order: OrderRequest, *, key: str | None, correlation_id: str) -> OrderAccepted:
        """Put an order into the stream.

        Args:
            order: What is ordered.
            key: Idempotency-Key; None makes it a new order in any case.
            correlation_id: ID of the flow that begins here.

        Raises:
            ProblemError: The key was used for another order.
            sluiceway.Unavailable: The event store cannot take it.
            redis.exceptions.RedisError: The event store cannot take the key.
            TimeoutError: The event store does not answer.
        """
        wanted = Remembered(
            order_id=str(uuid.uuid4()),
            correlation_id=correlation_id,
            fingerprint=hashlib.sha256(order.model_dump_json().encode()).hexdigest(),
        )
        async with asyncio.timeout(self._timeout_seconds):
            remembered = wanted if key is None else await self._recall(key, wanted)
            if remembered.published:
                return _accepted(remembered)
            event = order.as_event(remembered.order_id)
            receipt = await self._publisher.publish(
                event,
                key=event.order_id,
                event_id=str(uuid.uuid5(_EVENTS, event.order_id)),
                correlation_id=remembered.correlation_id,
            )
        # The order is in the stream: what follows is a convenience, and its failure is no reason to say otherwise.
        with suppress(RedisError, TimeoutError):
            async with asyncio.timeout(self._timeout_seconds):
                await self._follow_up((key, remembered, fact(event, receipt.entry_id)))
        return _accepted(remembered)

    async def _follow_up_all(self, accepted: Sequence[tuple[str | None, Remembered, Fact]]) -> Sequence[None]:
        await self._keys.mark_published([(key, remembered) for key, remembered, _ in accepted if key is not None])
        await self._view.apply(what for _, _, what in accepted)
        return [None] * len(accepted)

    async def _recall(self, key: str, wanted: Remembered) -> Remembered:
        known, is_new = await self._keys.remember(key, wanted)
        if known.fingerprint != wanted.fingerprint:
            raise ProblemError(
                Problem(
                    type="urn:problem:idempotency-key-reused",
                    title="Idempotency-Key reused",
                    status=422,
                    detail=f"the Idempotency-Key {key!r} was used for a different order; send a new key with a new order",
                )
            )
        if is_new or known.published:
            return known
        return await self._keys.wait_published(key, self._timeout_seconds / 3) or known


def _accepted(remembered: Remembered) -> OrderAccepted:
    return OrderAccepted(order_id=remembered.order_id, correlation_id=remembered.correlation_id)
