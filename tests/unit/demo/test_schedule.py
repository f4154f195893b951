"""Faults are spread over the run, and load is held back for them."""

from __future__ import annotations

import math

import pytest

from shop_demo.schedule import KillSchedule, OutageSchedule


@pytest.mark.parametrize("orders", [10, 100, 2000])
def test_a_short_run_has_three_kills_at_its_quarters(orders: int) -> None:
    schedule = KillSchedule(orders, rate=500)

    assert schedule.kills == 3
    assert [schedule.due_after(kill) for kill in range(3)] == [orders / 4, orders / 2, orders * 3 / 4]


def test_a_long_run_has_a_kill_every_ten_seconds() -> None:
    assert KillSchedule(60_000, rate=500).kills == 12


def test_an_endless_run_has_a_kill_every_ten_seconds_of_load() -> None:
    schedule = KillSchedule(None, rate=100)

    assert schedule.kills is None
    assert [schedule.due_after(kill) for kill in range(3)] == [1000, 2000, 3000]
    assert schedule.allowed(0, 0) == math.inf


@pytest.mark.parametrize("done", [0, 1, 2])
def test_orders_are_kept_back_until_the_next_kill_has_happened(done: int) -> None:
    schedule = KillSchedule(2000, rate=500)

    assert schedule.due_after(done) < schedule.allowed(done, 0) < schedule.due_after(done + 1)


def test_orders_that_are_kept_back_trickle() -> None:
    schedule = KillSchedule(2000, rate=500)

    assert schedule.allowed(0, 3) == schedule.allowed(0, 0) + 30


def test_nothing_is_kept_back_after_the_last_kill() -> None:
    assert KillSchedule(2000, rate=500).allowed(3, 0) == math.inf


def test_an_outage_begins_at_half_of_the_orders_and_has_a_quarter_of_them_for_itself() -> None:
    schedule = OutageSchedule(2000, rate=500)

    assert schedule.due_after == 1000
    assert schedule.allowed(begun=False) == 1500
    assert schedule.allowed(begun=True) == math.inf


def test_an_outage_of_a_tiny_run_is_reached() -> None:
    schedule = OutageSchedule(1, rate=500)

    assert schedule.due_after <= schedule.allowed(begun=False)


def test_an_outage_of_an_endless_run_begins_after_five_seconds_of_load() -> None:
    schedule = OutageSchedule(None, rate=100)

    assert schedule.due_after == 500
    assert schedule.allowed(begun=False) == math.inf
