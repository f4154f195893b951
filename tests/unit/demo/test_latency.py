"""Percentiles are latencies that were measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shop_demo.latency import Latencies, LatencySummary, summarise
from shop_demo.rate import RateMeter


def test_a_hundred_latencies() -> None:
    assert summarise([float(number) for number in range(1, 101)]) == LatencySummary(100, 50, 99, 100)


def test_nothing_measured_is_all_zero() -> None:
    assert summarise([]) == LatencySummary(0, 0, 0, 0)


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1))
def test_every_figure_was_measured_and_they_are_in_order(latencies: list[float]) -> None:
    summary = summarise(latencies)

    assert {summary.p50, summary.p99, summary.max} <= set(latencies)
    assert summary.p50 <= summary.p99 <= summary.max


def test_a_clock_that_steps_back_gives_no_negative_latency() -> None:
    latencies = Latencies()

    latencies.add(-5)

    assert latencies.summary().max == 0


def test_the_recent_summary_forgets_what_is_long_past() -> None:
    latencies = Latencies()
    latencies.add(9999)
    for _ in range(2000):
        latencies.add(1)

    assert latencies.recent().max == 1
    assert latencies.summary().max == 9999


def test_a_rate_is_the_growth_over_the_window() -> None:
    meter = RateMeter(window_seconds=2)

    rates = [
        meter.sample(second, count) for second, count in [(0, 0), (1, 100), (2, 200), (3, 200), (4, 200), (5, 200)]
    ]

    assert rates == [0, 100, 100, 50, 0, 0]
