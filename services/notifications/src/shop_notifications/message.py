"""What a customer is told: a message, and how a payment event becomes one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote

from shop_events import PaymentCompleted, PaymentFailed

__all__ = ["Message", "compose"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one customer about one order.

    Args:
        message_id: The same for every message about this order, so that whoever gets a second copy can tell.
        order_id: What it is about.
        customer_id: Who gets it.
        recipient: Mail address.
        subject: One line.
        text: Plain text.
    """

    message_id: str
    order_id: str
    customer_id: str
    recipient: str
    subject: str
    text: str

    def as_email(self, sender: str) -> EmailMessage:
        """Return the message as a mail.

        Args:
            sender: Mail address it comes from.

        Raises:
            ValueError: An address or ID cannot stand in a mail header.
        """
        # long lines are legal in mail; a folded Message-ID is too, but not everybody unfolds it before comparing
        mail = EmailMessage(SMTP.clone(max_line_length=998))
        mail["Message-ID"] = self.message_id
        mail["From"] = sender
        mail["To"] = self.recipient
        mail["Subject"] = self.subject
        mail.set_content(self.text)
        return mail


def compose(payment: PaymentCompleted | PaymentFailed, *, mail_domain: str) -> Message:
    """Return what the customer is told about a payment.

    Args:
        payment: What happened.
        mail_domain: Domain of the Message-ID, and of customers whose ID is no mail address.
    """
    if isinstance(payment, PaymentCompleted):
        subject = f"Order {payment.order_id} is paid"
        euros, cents = divmod(payment.amount_cents, 100)
        text = f"Thank you. We received {euros}.{cents:02} for your order {payment.order_id}.\n"
    else:
        subject = f"Order {payment.order_id} could not be paid"
        text = f"The payment for your order {payment.order_id} failed: {payment.reason}. Nothing was charged.\n"
    customer = payment.customer_id
    return Message(
        message_id=f"<order-{quote(payment.order_id, safe='')}@{mail_domain}>",
        order_id=payment.order_id,
        customer_id=customer,
        recipient=customer if "@" in customer else f"{customer}@{mail_domain}",
        subject=subject,
        text=text,
    )
