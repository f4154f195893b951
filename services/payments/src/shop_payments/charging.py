"""The payments service's one decision: an order becomes a charge, and the provider's answer becomes an event."""

from __future__ import annotations

import asyncio

from shop_events import OrderCreated, PaymentCompleted, PaymentFailed
from sluiceway import Context

from .provider import Approved, Charge, PaymentProvider

__all__ = ["Charging"]


class Charging:
    """Charges each order once.

    Args:
        provider: Who takes the money.
        unit_price_cents: What one piece of anything costs: a price list is not the point of this shop.
        max_calls: Most calls to the provider at once, over all that this process handles.
    """

    def __init__(self, provider: PaymentProvider, *, unit_price_cents: int, max_calls: int) -> None:
        self._provider = provider
        self._unit_price_cents = unit_price_cents
        self._calls = asyncio.Semaphore(max_calls)

    async def charge(self, order: OrderCreated, context: Context) -> PaymentCompleted | PaymentFailed:
        """Take the money for an order.

        The event ID is the idempotency key: this may run twice for one event (a process that was killed after the
        charge and before the commit), the money is taken once.

        Raises:
            ProviderUnavailable: The provider gave no answer; the event is tried again later.
        """
        charge = Charge(
            key=context.event_id,
            order_id=order.order_id,
            customer_id=order.customer_id,
            amount_cents=self._unit_price_cents * sum(item.quantity for item in order.items),
        )
        async with self._calls:
            outcome = await self._provider.charge(charge)
        if isinstance(outcome, Approved):
            return PaymentCompleted(
                order_id=order.order_id,
                customer_id=order.customer_id,
                payment_id=outcome.payment_id,
                amount_cents=charge.amount_cents,
            )
        return PaymentFailed(order_id=order.order_id, customer_id=order.customer_id, reason=outcome.reason)
