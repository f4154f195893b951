"""The shop's events on the wire, and the limits that every producer is held to."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shop_events import (
    NotificationSent,
    OrderCreated,
    OrderItem,
    PaymentCompleted,
    PaymentFailed,
    Streams,
)
from sluiceway import Event


@pytest.mark.parametrize(
    ("event", "wire_type", "payload"),
    [
        (
            OrderCreated(order_id="o1", customer_id="c1", items=(OrderItem(product_id="p1", quantity=2),)),
            "ORDER_CREATED",
            b'{"orderId":"o1","customerId":"c1","items":[{"productId":"p1","quantity":2}]}',
        ),
        (
            PaymentCompleted(order_id="o1", customer_id="c1", payment_id="pay-1", amount_cents=2000),
            "PAYMENT_COMPLETED",
            b'{"orderId":"o1","customerId":"c1","paymentId":"pay-1","amountCents":2000}',
        ),
        (
            PaymentFailed(order_id="o1", customer_id="c1", reason="card declined"),
            "PAYMENT_FAILED",
            b'{"orderId":"o1","customerId":"c1","reason":"card declined"}',
        ),
        (
            NotificationSent(order_id="o1", customer_id="c1", message_id="<order-o1@shop.example>"),
            "NOTIFICATION_SENT",
            b'{"orderId":"o1","customerId":"c1","messageId":"<order-o1@shop.example>"}',
        ),
    ],
)
def test_an_event_is_camel_case_on_the_wire_and_comes_back_equal(event: Event, wire_type: str, payload: bytes) -> None:
    assert event.event_type == wire_type
    assert event.encode() == payload
    assert type(event).decode(payload) == event


@pytest.mark.parametrize(
    "payload",
    [
        '{"orderId":"o1","customerId":"c1","items":[]}',
        '{"orderId":"o1","customerId":"c1","items":[{"productId":"p1","quantity":0}]}',
        '{"orderId":"o1","customerId":"c1","items":[{"productId":"p1","quantity":-3}]}',
        '{"orderId":"o1","customerId":"c1\\r\\nBcc: all@example.com","items":[{"productId":"p1","quantity":1}]}',
        '{"orderId":"","customerId":"c1","items":[{"productId":"p1","quantity":1}]}',
        '{"customerId":"c1","items":[{"productId":"p1","quantity":1}]}',
    ],
    ids=["no items", "quantity 0", "negative quantity", "line break in an ID", "empty ID", "missing order ID"],
)
def test_an_order_that_breaks_a_rule_is_no_event_whoever_published_it(payload: str) -> None:
    with pytest.raises(ValidationError):
        OrderCreated.decode(payload)


def test_a_field_that_a_newer_producer_added_is_ignored() -> None:
    payload = '{"orderId":"o1","customerId":"c1","reason":"no","giftWrapped":true}'

    assert PaymentFailed.decode(payload) == PaymentFailed(order_id="o1", customer_id="c1", reason="no")


def test_a_prefix_stands_before_every_stream() -> None:
    streams = Streams("demo-7:")

    assert (streams.orders, streams.payments, streams.notifications) == (
        "demo-7:orders",
        "demo-7:payments",
        "demo-7:notifications",
    )
