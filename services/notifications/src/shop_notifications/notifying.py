"""The notifications service's one decision: a payment event becomes one message, and a sent message an event."""

from __future__ import annotations

from shop_events import NotificationSent, PaymentCompleted, PaymentFailed
from sluiceway import Context, Reject

from .message import compose
from .once import Claim, OncePerOrder
from .sink import MessageSink, Undeliverable

__all__ = ["Notifying"]


class Notifying:
    """Tells each customer once how an order went, whichever of its payment events comes first.

    Args:
        sink: Where messages go.
        once: Who may speak for an order; None lets every event send a message, to show what duplicates look like.
        mail_domain: See `compose`.
    """

    def __init__(self, sink: MessageSink, once: OncePerOrder | None, *, mail_domain: str) -> None:
        self._sink = sink
        self._once = once
        self._mail_domain = mail_domain

    async def tell(self, payment: PaymentCompleted | PaymentFailed, context: Context) -> NotificationSent | None:
        """Send the message, unless the order has had one.

        A process killed between sending and committing sends again, with the same Message-ID.

        Raises:
            Reject: The message can never be delivered.
            SinkUnavailable: It may be, later.
            ClaimedElsewhere: Another event of this order is being sent now.
        """
        message = compose(payment, mail_domain=self._mail_domain)
        claim = Claim.SEND if self._once is None else await self._once.claim(payment.order_id, context.event_id)
        if claim is Claim.SENT_BY_ANOTHER:
            return None
        if claim is Claim.SEND:
            try:
                await self._sink.send(message)
            except Undeliverable as error:
                raise Reject(f"undeliverable: {error}") from error
            if self._once is not None:
                await self._once.conclude(payment.order_id, context.event_id)
        return NotificationSent(
            order_id=payment.order_id, customer_id=payment.customer_id, message_id=message.message_id
        )
