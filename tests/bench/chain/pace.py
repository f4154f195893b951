"""When orders are due. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """An even rate whose times are fixed beforehand.

    A slow answer does not put off the orders after it: they are late, and count as late. (Where the next order waits for
    the last answer, the worst times are never asked about: coordinated omission.)

    Args:
        began: Epoch seconds of the first order.
        rate: Orders per second.
        orders: How many in all.
    """

    began: float
    rate: float
    orders: int

    def due(self, number: int) -> float:
        """Return the epoch seconds at which an order, counted from 0, is due."""
        return self.began + number / self.rate

    def due_by(self, now: float) -> int:
        """Return how many orders are due by then."""
        if now < self.began:
            return 0
        return min(self.orders, int((now - self.began) * self.rate) + 1)
