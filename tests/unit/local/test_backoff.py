"""A program that ends by itself is left alone for longer and longer."""

from __future__ import annotations

from sluiceway_operator.local.backoff import pause_before_restart


def test_the_first_pause_is_short_and_each_further_one_is_twice_as_long() -> None:
    assert [pause_before_restart(ends) for ends in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]


def test_no_pause_is_longer_than_half_a_minute() -> None:
    assert [pause_before_restart(ends) for ends in (7, 8, 1000)] == [30.0, 30.0, 30.0]
