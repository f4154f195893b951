"""The names of the shop's streams, in one place."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Streams"]


@dataclass(frozen=True, slots=True)
class Streams:
    """The shop's streams.

    Args:
        prefix: Put before every stream and every other key of the shop, so that several shops can share a server.

    Example:
        >>> Streams("demo:").orders
        'demo:orders'
    """

    prefix: str = ""

    @property
    def orders(self) -> str:
        """Carries `OrderCreated`."""
        return f"{self.prefix}orders"

    @property
    def payments(self) -> str:
        """Carries `PaymentCompleted` and `PaymentFailed`."""
        return f"{self.prefix}payments"

    @property
    def notifications(self) -> str:
        """Carries `NotificationSent`."""
        return f"{self.prefix}notifications"
