"""What a consumer has in hand, and how much more it may take: never more than its bounds, whatever happens to entries."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deliveries import a_delivery, a_source

from sluiceway.engine.delivery import Delivery, Source, Waiting
from sluiceway.engine.holdings import Holdings
from sluiceway.options import ConsumerOptions


def holdings_of(*sources: Source, in_flight: int = 4, in_flight_bytes: int = 1_000_000, waiting: int = 3) -> Holdings:
    options = ConsumerOptions(in_flight=in_flight, in_flight_bytes=in_flight_bytes, waiting=waiting)
    return Holdings(sources, options)


def of_size(source: Source, number: int, size: int) -> Delivery:
    delivery = a_delivery(None, number, source=source)
    delivery.size = size
    return delivery


def test_each_entry_held_takes_one_place_and_gives_it_back() -> None:
    source, other = a_source(), a_source()
    holdings = holdings_of(source, other)
    first, second = of_size(source, 0, 1), of_size(other, 1, 1)
    holdings.hold(first)
    holdings.hold(second)
    assert (holdings.held, holdings.room) == (2, 2)
    holdings.drop(first)
    assert (holdings.held, holdings.room) == (1, 3)


def test_there_is_no_room_below_zero() -> None:
    source = a_source()
    holdings = holdings_of(source, in_flight=1)
    for number in range(3):
        holdings.hold(of_size(source, number, 1))
    assert (holdings.room, holdings.room_to_start) == (0, 0)


def test_an_entry_that_waits_gives_its_place_to_others_and_takes_one_when_it_starts() -> None:
    source = a_source()
    holdings = holdings_of(source)
    delivery = of_size(source, 0, 1)
    holdings.hold(delivery)
    holdings.park(source, delivery.entry_id, Waiting(0.0, delivery))
    assert (holdings.held, holdings.waiting, holdings.room) == (0, 1, 4)
    assert holdings.owns(source, delivery.entry_id)
    holdings.hold(delivery)
    assert (holdings.held, holdings.waiting, holdings.room) == (1, 0, 3)


def test_while_too_many_wait_nothing_is_read_but_they_may_start() -> None:
    source = a_source()
    holdings = holdings_of(source, waiting=2)
    for entry_id in (b"1-0", b"2-0"):
        holdings.park(source, entry_id, Waiting(0.0))
    assert (holdings.room, holdings.room_to_start) == (0, 4)
    holdings.forget(source, b"1-0")
    assert holdings.room == 4


def test_large_entries_leave_room_for_fewer() -> None:
    source = a_source()
    holdings = holdings_of(source, in_flight=100, in_flight_bytes=1000)
    holdings.hold(of_size(source, 0, 300))
    assert holdings.room == 2


def test_an_entry_larger_than_the_bound_is_taken_when_nothing_else_is_held() -> None:
    source = a_source()
    holdings = holdings_of(source, in_flight_bytes=1000)
    large = of_size(source, 0, 5000)
    holdings.hold(large)
    assert holdings.room == 0
    holdings.drop(large)
    assert holdings.room == 1


def test_dropping_tells_who_wants_to_know_once_for_a_held_and_for_a_waiting_entry() -> None:
    source = a_source()
    holdings = holdings_of(source)
    told: list[Delivery] = []
    holdings.on_drop(told.extend)
    held, waiting = of_size(source, 0, 1), of_size(source, 1, 1)
    holdings.hold(held)
    holdings.hold(waiting)
    holdings.park(source, waiting.entry_id, Waiting(0.0, waiting))
    holdings.drop(held)
    holdings.forget(source, waiting.entry_id)
    assert told == [held, waiting]
    assert (holdings.held, holdings.waiting) == (0, 0)


def test_dropping_an_old_delivery_leaves_the_new_one_of_the_same_entry_alone() -> None:
    source = a_source()
    holdings = holdings_of(source)
    old, new = of_size(source, 0, 1), of_size(source, 0, 1)
    holdings.hold(old)
    holdings.hold(new)
    holdings.drop(old)
    assert source.held == {new.entry_id: new}


@pytest.mark.parametrize("free", ["drop", "park"])
async def test_who_waits_for_room_goes_on_as_soon_as_there_is_enough(free: str) -> None:
    source = a_source()
    holdings = holdings_of(source, in_flight=3)
    deliveries = [of_size(source, number, 1) for number in range(3)]
    for delivery in deliveries:
        holdings.hold(delivery)
    waiter = asyncio.create_task(holdings.wait_for_room(2))
    for delivery in deliveries[:2]:
        await asyncio.sleep(0)
        assert not waiter.done()
        if free == "drop":
            holdings.drop(delivery)
        else:
            holdings.park(source, delivery.entry_id, Waiting(0.0, delivery))
    assert await waiter == 2


@given(
    st.lists(st.tuples(st.sampled_from(["read", "park", "start", "drop", "forget"]), st.integers(0, 9)), max_size=60)
)
def test_bounds_hold_and_the_books_balance_after_any_steps(steps: list[tuple[str, int]]) -> None:
    source = a_source()
    holdings = holdings_of(source, in_flight=4, in_flight_bytes=100, waiting=3)
    fresh = 0
    for step, pick in steps:
        held, waiting = list(source.held.values()), list(source.waiting.items())
        if step == "read":
            for _ in range(min(pick, holdings.room)):
                holdings.hold(of_size(source, fresh, 5))
                fresh += 1
        elif step == "start" and waiting and holdings.room_to_start:
            holdings.hold(waiting[pick % len(waiting)][1].delivery or of_size(source, fresh, 5))
        elif step == "park" and held:
            delivery = held[pick % len(held)]
            holdings.park(source, delivery.entry_id, Waiting(0.0, delivery))
        elif step == "drop" and held:
            holdings.drop(held[pick % len(held)])
        elif step == "forget" and waiting:
            holdings.forget(source, waiting[pick % len(waiting)][0])
        assert holdings.held <= 4
        assert not set(source.held) & set(source.waiting)
        assert holdings._bytes == 5 * holdings.held
