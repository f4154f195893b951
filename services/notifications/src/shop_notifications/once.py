"""One message an order: which payment event speaks for an order, remembered on the server."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from importlib.resources import files

from redis.asyncio import Redis

from shop_events.together import Together

__all__ = ["Claim", "ClaimedElsewhere", "OncePerOrder"]


class ClaimedElsewhere(Exception):
    """Another event of the same order is being turned into a message now."""


class Claim(Enum):
    """What a payment event may do about its order."""

    SEND = "send it (again, if an earlier try was cut off)"
    SENT_BY_THIS = "this very event's message is out"
    SENT_BY_ANOTHER = "another event of the order was first"


class OncePerOrder:
    """Lets one payment event an order send a message.

    The SDK already drops a second entry with the same event ID. This is for two different events about one order:
    payments that were replayed, or a producer that is not ours.

    Args:
        redis: Client of the event store.
        prefix: Put before each key.
        hold_seconds: How long an event may take to send before another may try.
        remember_seconds: How long a sent message is remembered.
    """

    def __init__(self, redis: Redis, *, prefix: str, hold_seconds: float, remember_seconds: float) -> None:
        self._prefix = f"{prefix}notified:"
        self._hold_ms = int(hold_seconds * 1000)
        self._remember_ms = int(remember_seconds * 1000)
        package = files(__package__)
        self._claim_script = redis.register_script(package.joinpath("claim.lua").read_bytes())
        self._conclude_script = redis.register_script(package.joinpath("conclude.lua").read_bytes())
        self._claim = Together(self._claim_all)
        self._conclude = Together(self._conclude_all)

    async def claim(self, order_id: str, event_id: str) -> Claim:
        """Ask to send the message of an order.

        Raises:
            ClaimedElsewhere: Another event holds the claim and has not concluded; try later.
            redis.exceptions.RedisError: The server cannot tell.
        """
        held = await self._claim((order_id, event_id))
        state, _, holder = held.decode().partition(" ")
        if state == "sent":
            return Claim.SENT_BY_THIS if holder == event_id else Claim.SENT_BY_ANOTHER
        if holder != event_id:
            raise ClaimedElsewhere(f"order {order_id}: event {holder} is being sent")
        return Claim.SEND

    async def conclude(self, order_id: str, event_id: str) -> None:
        """Remember that the message is out.

        Raises:
            redis.exceptions.RedisError: The server did not take it; the message will be sent again.
        """
        await self._conclude((order_id, event_id))

    async def _claim_all(self, wanted: Sequence[tuple[str, str]]) -> Sequence[bytes]:
        held: list[bytes] = await self._claim_script(
            keys=[self._prefix + order_id for order_id, _ in wanted],
            args=[self._hold_ms, *(f"sending {event_id}" for _, event_id in wanted)],
        )
        return held

    async def _conclude_all(self, sent: Sequence[tuple[str, str]]) -> Sequence[None]:
        await self._conclude_script(
            keys=[self._prefix + order_id for order_id, _ in sent],
            args=[self._remember_ms, *(f"sent {event_id}" for _, event_id in sent)],
        )
        return [None] * len(sent)
