"""What happens in the shop. Limits stated here hold for every producer: what breaks them becomes a dead letter."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from sluiceway import Event

__all__ = [
    "Identifier",
    "NotificationSent",
    "OrderCreated",
    "OrderItem",
    "PaymentCompleted",
    "PaymentFailed",
    "Quantity",
]

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+/-]*$")]
"""An ID of a customer, product, order or payment: printable ASCII without blanks, so that it is safe in a key,
a log line and a mail header."""

Quantity = Annotated[int, Field(ge=1, le=10_000)]
"""How many of one product an order asks for."""


class OrderItem(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    product_id: Identifier
    quantity: Quantity


class OrderCreated(Event, type="ORDER_CREATED", version=1):
    """A customer's order was accepted."""

    order_id: Identifier
    customer_id: Identifier
    items: Annotated[tuple[OrderItem, ...], Field(min_length=1, max_length=100)]


class PaymentCompleted(Event, type="PAYMENT_COMPLETED", version=1):
    """The payment provider took the money."""

    order_id: Identifier
    customer_id: Identifier
    payment_id: Identifier
    amount_cents: Annotated[int, Field(ge=0)]


class PaymentFailed(Event, type="PAYMENT_FAILED", version=1):
    """The payment provider declined; nothing was charged."""

    order_id: Identifier
    customer_id: Identifier
    reason: Annotated[str, StringConstraints(max_length=500)]


class NotificationSent(Event, type="NOTIFICATION_SENT", version=1):
    """The customer was told how the order went."""

    order_id: Identifier
    customer_id: Identifier
    message_id: Annotated[str, StringConstraints(min_length=1, max_length=255)]
