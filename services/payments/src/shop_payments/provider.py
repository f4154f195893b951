"""The port to the payment provider: what the payments service asks for and what it can hear back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Approved", "Charge", "Declined", "Outcome", "PaymentProvider", "ProviderUnavailable"]


@dataclass(frozen=True, slots=True)
class Charge:
    """A request to take money.

    Args:
        key: Idempotency key: a repeated key takes no money again and has the first call's outcome.
        order_id: What it is for.
        customer_id: Whose money.
        amount_cents: How much.
    """

    key: str
    order_id: str
    customer_id: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Approved:
    """The money was taken."""

    payment_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider will not take the money: an answer, not a fault, and final."""

    reason: str


Outcome = Approved | Declined


class ProviderUnavailable(Exception):
    """The provider gave no answer: the charge may or may not have happened. Ask again with the same key."""


class PaymentProvider(Protocol):
    """Takes money from customers."""

    async def charge(self, charge: Charge) -> Outcome:
        """Take the money once per `charge.key`, however often this is called.

        Raises:
            ProviderUnavailable: Nobody answered; call again later with the same key.
        """
        ...
