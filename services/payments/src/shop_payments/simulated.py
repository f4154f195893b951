"""A payment provider inside the process, with the habits of a real one: slow, at times down, declining, idempotent."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shop_events.books import Books, BooksUnavailable

from .provider import Approved, Charge, Declined, Outcome, ProviderUnavailable

__all__ = ["Behaviour", "SimulatedProvider"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the simulated provider behaves.

    Args:
        decline_rate: Share of keys that are declined, 0 to 1. Which ones depends on the key alone.
        latency_seconds: Mean time of a call; each takes between half and one and a half of it.
        outage_every_seconds: Length of one period of up and down; 0 for no outages.
        outage_seconds: How long it is down at the end of each period.
    """

    decline_rate: float = 0.03
    latency_seconds: float = 0.02
    outage_every_seconds: float = 0.0
    outage_seconds: float = 0.0

    def down(self, elapsed_seconds: float) -> bool:
        """Tell whether the provider is down so long after it began."""
        if self.outage_every_seconds <= 0:
            return False
        return elapsed_seconds % self.outage_every_seconds >= self.outage_every_seconds - self.outage_seconds

    def declines(self, key: str) -> bool:
        """Tell whether the charge with this key is declined."""
        draw = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
        return draw < self.decline_rate * 2**64


class SimulatedProvider:
    """Keeps its books apart from the events, shared by all processes that are given the same ones.

    What it decides follows from the key alone, so also without books a repeated key has the first outcome.

    Args:
        books: One line a key.
        behaviour: Decline rate, latency and outages; may be replaced at any time.
        clock: Monotonic seconds, for the outages.
    """

    def __init__(
        self, books: Books, behaviour: Behaviour | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self._books = books
        self._clock = clock
        self._began = clock()

    async def charge(self, charge: Charge) -> Outcome:
        """Take the money, or give the recorded outcome of a key that was seen before.

        Raises:
            ProviderUnavailable: It is down, or its books cannot be written.
        """
        latency = self.behaviour.latency_seconds * random.uniform(0.5, 1.5)  # noqa: S311
        # half of the wait comes after the books are written: a caller killed then does not know of its charge
        if latency:
            await asyncio.sleep(latency / 2)
        if self.behaviour.down(self._clock() - self._began):
            raise ProviderUnavailable("the payment provider is down")
        try:
            line = await self._books.remember(charge.key, lambda: self._decide(charge))
        except BooksUnavailable as error:
            raise ProviderUnavailable(f"the payment provider cannot write its books: {error}") from error
        if latency:
            await asyncio.sleep(latency / 2)
        return Approved(line["paymentId"]) if line["outcome"] == "approved" else Declined(line["reason"])

    def _decide(self, charge: Charge) -> Mapping[str, Any]:
        line = {
            "orderId": charge.order_id,
            "customerId": charge.customer_id,
            "amountCents": charge.amount_cents,
            "atMilliseconds": time.time_ns() // 1_000_000,
            "pid": os.getpid(),
        }
        if self.behaviour.declines(charge.key):
            return {**line, "outcome": "declined", "reason": "card declined"}
        return {
            **line,
            "outcome": "approved",
            "paymentId": f"pay-{hashlib.sha256(charge.key.encode()).hexdigest()[:32]}",
        }
