"""What a customer is told."""

from __future__ import annotations

import email
import email.policy

import pytest

from shop_events import PaymentCompleted, PaymentFailed
from shop_notifications.message import compose

PAID = PaymentCompleted(order_id="o1", customer_id="c1", payment_id="pay-1", amount_cents=123405)
FAILED = PaymentFailed(order_id="o1", customer_id="c1", reason="card declined")


def test_a_payment_is_confirmed_with_its_amount() -> None:
    message = compose(PAID, mail_domain="shop.example")

    assert message.subject == "Order o1 is paid"
    assert "1234.05" in message.text


def test_a_failed_payment_is_explained() -> None:
    message = compose(FAILED, mail_domain="shop.example")

    assert message.subject == "Order o1 could not be paid"
    assert "card declined" in message.text


def test_every_message_about_one_order_has_the_same_message_id() -> None:
    assert (
        compose(PAID, mail_domain="shop.example").message_id == compose(FAILED, mail_domain="shop.example").message_id
    )


def test_messages_about_different_orders_have_different_message_ids() -> None:
    other = PAID.model_copy(update={"order_id": "o2"})

    assert compose(PAID, mail_domain="shop.example").message_id != compose(other, mail_domain="shop.example").message_id


@pytest.mark.parametrize(
    ("customer", "recipient"), [("c1", "c1@shop.example"), ("ann@mail.example", "ann@mail.example")]
)
def test_a_customer_whose_id_is_no_address_has_one_at_the_shop(customer: str, recipient: str) -> None:
    payment = PAID.model_copy(update={"customer_id": customer})

    assert compose(payment, mail_domain="shop.example").recipient == recipient


@pytest.mark.parametrize("order_id", ["o1", "0f0e8a7c-6c5e-4f5a-9d0e-6b1f3a2c4d5e", "a@b:c/d+e", "x" * 64])
def test_a_mail_has_its_message_id_in_one_piece_after_a_round_trip(order_id: str) -> None:
    message = compose(PAID.model_copy(update={"order_id": order_id}), mail_domain="notifications.shop.example")

    read = email.message_from_bytes(bytes(message.as_email("orders@shop.example")), policy=email.policy.default)

    assert read["Message-ID"] == message.message_id
    assert message.message_id.count("@") == 1
    assert (read["To"], read["From"]) == ("c1@notifications.shop.example", "orders@shop.example")


def test_a_line_break_cannot_add_a_header_to_a_mail() -> None:
    forged = PAID.model_copy(update={"customer_id": "c1@shop.example\r\nBcc: all@example.com"})

    with pytest.raises(ValueError, match="may not contain linefeed"):
        compose(forged, mail_domain="shop.example").as_email("orders@shop.example")
