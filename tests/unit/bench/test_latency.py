import pytest
from tests.bench.chain.latency import percentiles


def test_a_latency_runs_from_the_moment_an_order_was_due_to_its_last_event() -> None:
    due = {f"order-{number}": 100.0 for number in range(1, 101)}
    ended = {f"order-{number}": 100_000 + number for number in range(1, 101)}

    assert percentiles(due, ended) == {"p50": 50.0, "p99": 99.0}


def test_an_order_without_a_last_event_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="lost"):
        percentiles({"lost": 100.0}, {"other": 100_000})
