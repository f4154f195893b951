"""The events that the shop's services exchange, and the streams that carry them.

What else the services share is imported by its module: `settings`, `store` (a client of the event store) and
`record` (what the payment provider and the file mailbox keep on disk).
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
