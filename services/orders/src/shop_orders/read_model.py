"""The state of every order, built from the events and kept on the server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, NamedTuple

from redis.asyncio import Redis

from shop_events import NotificationSent, OrderCreated, PaymentCompleted, PaymentFailed
from sluiceway import Batch
from sluiceway.ids import entry_milliseconds

from .models import OrderState, Payment

__all__ = ["Fact", "OrderView", "fact", "merge"]

OrderEvent = OrderCreated | PaymentCompleted | PaymentFailed | NotificationSent

_PART_OF: dict[type[OrderEvent], str] = {
    OrderCreated: "created",
    PaymentCompleted: "payment",
    PaymentFailed: "payment",
    NotificationSent: "notified",
}
_PARTS = tuple(sorted(set(_PART_OF.values())))


_EVENTS: dict[bytes, type[OrderEvent]] = {
    event.event_type.encode(): event for event in (OrderCreated, PaymentCompleted, PaymentFailed, NotificationSent)
}


class Fact(NamedTuple):
    """What one event says about an order: one part of its state, and how new that is.

    Parts do not touch each other, so events of different streams may come in any order; within a part the later entry
    wins, so that events of one stream may come in any order and more than once.

    Args:
        order_id: The order.
        part: Which part of the state.
        said: Entry ID, event type and payload, with blanks between. The parts of the entry ID have a fixed width, so that what
            is said of one part compares as text: the later entry is the greater one. States are asked for less often than
            events come, so what it means is worked out by `merge`.
    """

    order_id: str
    part: str
    said: bytes


def fact(event: OrderEvent, entry_id: str, payload: bytes | None = None) -> Fact:
    """Return what an event says.

    Args:
        event: The event.
        entry_id: Its entry ID, which says how new it is and when it was published.
        payload: The event as it is in the stream; None if that is not at hand.
    """
    milliseconds, _, sequence = entry_id.partition("-")
    envelope = f"{milliseconds:0>20}-{sequence:0>20} {event.event_type} "
    said = envelope.encode() + (event.encode() if payload is None else payload)
    return Fact(event.order_id, _PART_OF[type(event)], said)


def merge(parts: Iterable[bytes]) -> OrderState | None:
    """Return the state that the parts known so far make together; None if there are none."""
    known: dict[str, Any] = {}
    for part in parts:
        entry_id, event_type, payload = part.split(b" ", 2)
        event = _EVENTS[event_type].decode(payload)
        at = datetime.fromtimestamp(entry_milliseconds(entry_id) / 1000, UTC)
        known |= {"order_id": event.order_id, "customer_id": event.customer_id, **_fields(event, at)}
    return OrderState(**known) if known else None


def _fields(event: OrderEvent, at: datetime) -> dict[str, Any]:
    match event:
        case OrderCreated():
            return {"items": event.items, "created_at": at}
        case PaymentCompleted():
            payment = Payment(payment_id=event.payment_id, amount_cents=event.amount_cents, settled_at=at)
            return {"status": "paid", "payment": payment}
        case PaymentFailed():
            return {"status": "payment_failed", "payment": Payment(failure=event.reason, settled_at=at)}
        case NotificationSent():
            return {"notified_at": at}


class OrderView:
    """Keeps facts and tells states.

    Args:
        redis: Client of the event store.
        prefix: Put before each key.
        keep_seconds: How long an order's state is kept at least after its last event; at most a sixteenth longer.
    """

    def __init__(self, redis: Redis, *, prefix: str, keep_seconds: float) -> None:
        self._redis = redis
        self._prefix = f"{prefix}order:"
        self._keep_ms = int(keep_seconds * 1000)
        self._script = redis.register_script(files(__package__).joinpath("apply.lua").read_bytes())

    async def apply(self, facts: Iterable[Fact]) -> None:
        """Write facts, each only if it is newer than what is known, in one round trip.

        Raises:
            redis.exceptions.RedisError: The server did not take them all; applying them again is safe.
        """
        keys: list[str] = []
        arguments: list[str | bytes | int] = [self._keep_ms, self._keep_ms + self._keep_ms // 16]
        for each in facts:
            keys.append(self._prefix + each.order_id)
            arguments += (each.part, each.said)
        if keys:
            await self._script(keys=keys, args=arguments)

    async def on_events(self, batch: Batch[OrderEvent]) -> None:
        """Handle a batch of any of the shop's events."""
        await self.apply(fact(item.event, item.context.entry_id, item.context.payload) for item in batch)

    async def get(self, order_id: str) -> OrderState | None:
        """Return an order's state; None if no event has told of it.

        Raises:
            redis.exceptions.RedisError: The server cannot tell.
        """
        stored: list[Any] = await self._redis.hmget(self._prefix + order_id, _PARTS)
        return merge(part for part in stored if part is not None)
