"""What every contender handles: one order in, one payment out, with the same fields, limits and bytes for all.

Only pydantic is imported here, so that FastStream's own environment can use the very same classes.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

__all__ = ["PAYLOAD", "Item", "Order", "Payment", "payment_for"]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Item(_Wire):
    product_id: str
    quantity: int


class Order(_Wire):
    order_id: str
    customer_id: str
    items: tuple[Item, ...]
    currency: str
    total: str


class Payment(_Wire):
    order_id: str
    amount: str
    currency: str


PAYLOAD = (
    Order(
        order_id="3f2c8c5e-9f5b-4c1d-8a55-0f7f3f0a8d21",
        customer_id="customer-000123",
        items=(
            Item(product_id="product-0001", quantity=2),
            Item(product_id="product-0002", quantity=1),
        ),
        currency="EUR",
        total="59.97",
    )
    .model_dump_json(by_alias=True)
    .encode()
)
"""An order as it stands in the stream."""


def payment_for(order: Order) -> Payment:
    """What handling an order comes to."""
    return Payment(order_id=order.order_id, amount=order.total, currency=order.currency)
