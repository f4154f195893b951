"""The simulated payment provider behaves like a real one: it declines, is slow, is down, and knows its keys."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shop_events.no_books import NoBooks
from shop_events.record import Record
from shop_payments.provider import Approved, Charge, Declined, ProviderUnavailable
from shop_payments.simulated import Behaviour, SimulatedProvider

PROMPT = Behaviour(decline_rate=0, latency_seconds=0)


def charge(key: str = "event-1") -> Charge:
    return Charge(key=key, order_id="o1", customer_id="c1", amount_cents=2000)


async def test_a_charge_is_on_the_record_with_all_that_an_accountant_needs(tmp_path: Path) -> None:
    record = Record(tmp_path)

    outcome = await SimulatedProvider(record, PROMPT).charge(charge())

    (line,) = record
    assert isinstance(outcome, Approved)
    assert line["paymentId"] == outcome.payment_id
    assert (line["key"], line["orderId"], line["customerId"], line["amountCents"], line["outcome"]) == (
        "event-1",
        "o1",
        "c1",
        2000,
        "approved",
    )


async def test_a_repeated_key_takes_no_money_again_and_has_the_first_outcome_whatever_has_changed(
    tmp_path: Path,
) -> None:
    record = Record(tmp_path)
    first = await SimulatedProvider(record, PROMPT).charge(charge())

    second = await SimulatedProvider(record, Behaviour(decline_rate=1, latency_seconds=0)).charge(charge())

    assert second == first
    assert len(list(record)) == 1


async def test_concurrent_calls_with_one_key_have_one_outcome(tmp_path: Path) -> None:
    record = Record(tmp_path)
    provider = SimulatedProvider(record, PROMPT)

    outcomes = await asyncio.gather(*(provider.charge(charge()) for _ in range(20)))

    assert len(set(outcomes)) == 1
    assert len(list(record)) == 1


async def test_a_decline_is_an_answer_and_is_remembered(tmp_path: Path) -> None:
    record = Record(tmp_path)
    provider = SimulatedProvider(record, Behaviour(decline_rate=1, latency_seconds=0))

    outcome = await provider.charge(charge())

    assert outcome == Declined("card declined")
    assert [line["outcome"] for line in record] == ["declined"]


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.25, 200, 300), (1.0, 1000, 1000)])
def test_the_decline_rate_is_the_share_of_keys_declined(rate: float, least: int, most: int) -> None:
    behaviour = Behaviour(decline_rate=rate)

    declined = sum(behaviour.declines(f"event-{number}") for number in range(1000))

    assert least <= declined <= most


async def test_a_provider_that_is_down_gives_no_answer_and_charges_nothing(tmp_path: Path) -> None:
    record = Record(tmp_path)
    now = 0.0
    behaviour = Behaviour(decline_rate=0, latency_seconds=0, outage_every_seconds=60, outage_seconds=10)
    provider = SimulatedProvider(record, behaviour, clock=lambda: now)

    now = 55.0
    with pytest.raises(ProviderUnavailable, match="down"):
        await provider.charge(charge())
    nothing = list(record)
    now = 61.0
    outcome = await provider.charge(charge())

    assert nothing == []
    assert isinstance(outcome, Approved)


async def test_books_that_cannot_be_written_are_an_outage(tmp_path: Path) -> None:
    provider = SimulatedProvider(Record(tmp_path / "books"), PROMPT)
    (tmp_path / "books").rmdir()

    with pytest.raises(ProviderUnavailable, match="cannot write its books"):
        await provider.charge(charge())


async def test_without_books_a_repeated_key_still_has_the_first_outcome() -> None:
    first = await SimulatedProvider(NoBooks(), PROMPT).charge(charge("event-1"))

    again = await SimulatedProvider(NoBooks(), PROMPT).charge(charge("event-1"))
    other = await SimulatedProvider(NoBooks(), PROMPT).charge(charge("event-2"))

    assert isinstance(first, Approved)
    assert again == first
    assert other != first
