"""The bottom line, from records written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shop_demo.accounting import Ledger


def settled(ledger: Ledger, order_id: str, *, completed: bool = True) -> None:
    ledger.accept(order_id)
    ledger.decision(order_id, charged=completed)
    ledger.payment(order_id, completed=completed)
    ledger.message(order_id)


def test_an_order_with_one_payment_and_one_message_is_neither_lost_nor_doubled() -> None:
    ledger = Ledger()

    settled(ledger, "a")

    account = ledger.balance()
    assert account.balanced
    assert (account.orders_accepted, account.payments_completed, account.notifications_sent) == (1, 1, 1)


def test_a_declined_payment_is_settled_too() -> None:
    ledger = Ledger()

    settled(ledger, "a", completed=False)

    account = ledger.balance()
    assert account.balanced
    assert (account.payments_completed, account.payments_failed) == (0, 1)


@pytest.mark.parametrize(
    "witness",
    [
        lambda ledger: (ledger.payment("a", completed=True), ledger.message("a")),
        lambda ledger: (ledger.decision("a", charged=True), ledger.message("a")),
        lambda ledger: (ledger.decision("a", charged=True), ledger.payment("a", completed=True)),
        lambda _: None,
    ],
    ids=["no decision of the provider", "no payment event", "no message", "nothing at all"],
)
def test_an_accepted_order_that_lacks_something_is_lost(witness: Callable[[Ledger], object]) -> None:
    ledger = Ledger()
    ledger.accept("a")
    settled(ledger, "b")

    witness(ledger)

    assert ledger.balance().lost == 1
    assert ledger.unsettled == 1
    assert ledger.balance().duplicate_effects == 0


def test_a_payment_event_that_contradicts_the_providers_record_settles_nothing() -> None:
    ledger = Ledger()
    ledger.accept("a")

    ledger.decision("a", charged=False)
    ledger.payment("a", completed=True)
    ledger.message("a")

    assert ledger.balance().lost == 1


@pytest.mark.parametrize(
    "again",
    [
        lambda ledger: ledger.decision("a", charged=True),
        lambda ledger: ledger.payment("a", completed=True),
        lambda ledger: ledger.payment("a", completed=False),
        lambda ledger: ledger.message("a"),
    ],
    ids=["charge", "payment event", "contrary payment event", "message"],
)
def test_an_effect_that_happens_again_is_a_duplicate_and_its_order_not_settled_once(
    again: Callable[[Ledger], None],
) -> None:
    ledger = Ledger()
    settled(ledger, "a")

    again(ledger)

    account = ledger.balance()
    assert account.duplicate_effects == 1
    assert account.lost == 1, "an order needs exactly one of each"
    assert [order_id for order_id, _ in ledger.suspects()] == ["a"]


def test_each_surplus_effect_counts() -> None:
    ledger = Ledger()
    settled(ledger, "a")

    for _ in range(2):
        ledger.decision("a", charged=True)
        ledger.message("a")

    assert ledger.balance().duplicate_effects == 4


def test_an_order_without_a_202_is_not_lost_but_its_duplicates_count() -> None:
    ledger = Ledger()

    ledger.payment("stray", completed=True)
    ledger.payment("stray", completed=True)

    account = ledger.balance()
    assert (account.orders_accepted, account.lost, account.duplicate_effects) == (0, 0, 1)


def test_witnesses_may_report_in_any_order() -> None:
    ledger = Ledger()

    ledger.notified("a", 1040)
    ledger.message("a")
    ledger.payment("a", completed=True)
    ledger.decision("a", charged=True)
    ledger.created("a", 1000)
    unsettled_before = ledger.unsettled
    ledger.accept("a")

    assert unsettled_before == 0
    assert ledger.settled == 1
    assert ledger.balance().balanced
    assert ledger.latencies.summary().max == 40


def test_the_same_202_twice_is_one_order() -> None:
    ledger = Ledger()

    ledger.accept("a")
    ledger.accept("a")

    assert ledger.accepted == 1
    assert ledger.balance().orders_accepted == 1


def test_an_entry_that_two_groups_give_up_is_one_dead_letter() -> None:
    ledger = Ledger()

    ledger.dead_letter("orders", "1-1")
    ledger.dead_letter("orders", "1-1")
    ledger.dead_letter("payments", "1-1")

    assert ledger.balance().dead_letters == 2


def test_throughput_is_settled_orders_over_the_time_from_the_first_order_to_the_last_notification() -> None:
    ledger = Ledger()
    for number in range(10):
        ledger.accept(str(number))
        ledger.created(str(number), 1000 + number)
        ledger.decision(str(number), charged=True)
        ledger.payment(str(number), completed=True)
        ledger.message(str(number))
        ledger.notified(str(number), 3000)

    assert ledger.throughput_per_s == 5.0


def test_throughput_of_nothing_is_zero() -> None:
    assert Ledger().throughput_per_s == 0.0
