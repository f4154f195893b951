"""The state of an order, from whatever events have come, in whatever order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shop_events import NotificationSent, OrderCreated, OrderItem, PaymentCompleted, PaymentFailed
from shop_orders.models import OrderState, Payment
from shop_orders.read_model import fact, merge

ITEMS = (OrderItem(product_id="p1", quantity=2),)
CREATED = fact(OrderCreated(order_id="o1", customer_id="c1", items=ITEMS), "1000-0")
PAID = fact(PaymentCompleted(order_id="o1", customer_id="c1", payment_id="pay-1", amount_cents=2000), "2000-0")
FAILED = fact(PaymentFailed(order_id="o1", customer_id="c1", reason="card declined"), "2000-0")
TOLD = fact(NotificationSent(order_id="o1", customer_id="c1", message_id="<m1>"), "3000-0")


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_without_any_event_there_is_no_order() -> None:
    assert merge([]) is None


def test_a_new_order_is_created() -> None:
    assert merge([CREATED.said]) == OrderState(
        order_id="o1", customer_id="c1", status="created", items=ITEMS, created_at=at(1000)
    )


def test_a_paid_order_shows_its_payment() -> None:
    state = merge([CREATED.said, PAID.said])

    assert state is not None
    assert state.status == "paid"
    assert state.payment == Payment(payment_id="pay-1", amount_cents=2000, settled_at=at(2000))


def test_an_order_that_could_not_be_paid_says_why() -> None:
    state = merge([CREATED.said, FAILED.said])

    assert state is not None
    assert state.status == "payment_failed"
    assert state.payment == Payment(failure="card declined", settled_at=at(2000))


def test_a_payment_known_before_its_order_shows_what_is_known() -> None:
    assert merge([PAID.said]) == OrderState(
        order_id="o1",
        customer_id="c1",
        status="paid",
        payment=Payment(payment_id="pay-1", amount_cents=2000, settled_at=at(2000)),
    )


def test_events_of_different_streams_give_the_same_state_in_every_order() -> None:
    states = [merge(part.said for part in order) for order in itertools.permutations([CREATED, PAID, TOLD])]

    assert all(state == states[0] for state in states)
    assert states[0] is not None
    assert (states[0].status, states[0].items, states[0].notified_at) == ("paid", ITEMS, at(3000))


@given(st.tuples(*[st.integers(0, 2**63)] * 2), st.tuples(*[st.integers(0, 2**63)] * 2))
def test_what_is_said_compares_as_text_as_entry_ids_compare_as_numbers(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    # years beyond 9999 have no datetime
    one, other = (one[0] % 10**14, one[1]), (other[0] % 10**14, other[1])
    event = PaymentFailed(order_id="o1", customer_id="c1", reason="no")

    said = [fact(event, f"{milliseconds}-{sequence}").said for milliseconds, sequence in (one, other)]

    assert (said[0] < said[1]) == (one < other)
