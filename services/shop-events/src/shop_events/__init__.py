"""The events that the shop's services exchange, and the streams that carry them.

`shop_events.record` holds the record that the shop's outside worlds (payment provider, file mailbox) keep.
"""

from .events import (
    Identifier,
    NotificationSent,
    OrderCreated,
    OrderItem,
    PaymentCompleted,
    PaymentFailed,
    Quantity,
)
from .streams import Streams

__all__ = [
    "Identifier",
    "NotificationSent",
    "OrderCreated",
    "OrderItem",
    "PaymentCompleted",
    "PaymentFailed",
    "Quantity",
    "Streams",
]
