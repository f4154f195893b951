"""What travels over HTTP: the order a customer sends, the receipt, and the order's state."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shop_events import Identifier, OrderCreated, OrderItem, Quantity

__all__ = ["OrderAccepted", "OrderLine", "OrderRequest", "OrderState", "Payment"]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OrderLine(_Request):
    """One product of an order."""

    product_id: Identifier = Field(alias="productId")
    quantity: Quantity


class OrderRequest(_Request):
    """The body of POST /orders. Nothing is converted or ignored: a wrong type or an unknown field is an error."""

    customer_id: Identifier = Field(alias="customerId")
    items: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=100)]

    def as_event(self, order_id: str) -> OrderCreated:
        """Return the event that says this order was accepted under an ID."""
        return OrderCreated(
            order_id=order_id,
            customer_id=self.customer_id,
            items=tuple(OrderItem(product_id=line.product_id, quantity=line.quantity) for line in self.items),
        )


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class OrderAccepted(_Reply):
    """The order is in the event store and will be worked on."""

    order_id: str
    correlation_id: Annotated[str, Field(description="Ties together everything that is done for this order.")]


class Payment(_Reply):
    """How the payment went."""

    payment_id: str | None = None
    amount_cents: int | None = None
    failure: Annotated[str | None, Field(description="Why it was declined.")] = None
    settled_at: datetime


class OrderState(_Reply):
    """What is known of an order by now. Parts whose event has not arrived yet are null, in whatever order they come."""

    order_id: str
    status: Literal["created", "paid", "payment_failed"] = "created"
    customer_id: str
    items: tuple[OrderItem, ...] | None = None
    created_at: datetime | None = None
    payment: Payment | None = None
    notified_at: datetime | None = None
