"""Rows of the operator's measurements: which number an aim is held against, and how replicas become seconds."""

import pytest
from tests.bench.operator.aims import AIMS, row
from tests.bench.operator.measures import replica_seconds
from tests.bench.operator.watching import Write


def test_a_row_tells_median_worst_and_every_run() -> None:
    told = row("something_else", [3, 1, 2])

    assert told == {"name": "something_else", "median": 2, "worst": 3, "runs": [3, 1, 2], "aim": None, "met": None}


@pytest.mark.parametrize(
    ("name", "runs", "met"),
    [
        ("wake_write_ms", [20, 30, 900], True),
        ("wake_write_ms", [20, 101, 102], False),
        ("failover_lease_s", [6, 7, 10], True),
        ("failover_lease_s", [6, 7, 10.5], False),
    ],
)
def test_an_aim_is_held_against_the_number_that_it_names(name: str, runs: list[float], met: bool) -> None:  # noqa: FBT001
    assert row(name, runs)["met"] is met


def test_every_aim_names_a_number_of_a_row() -> None:
    assert all(which in row(name, [1.0]) for name, (which, _) in AIMS.items())


def test_replica_seconds_count_from_each_write_to_the_next_and_end_where_they_are_told_to() -> None:
    writes = [Write(0.0, 0), Write(10.0, 20), Write(20.0, 1), Write(30.0, 0)]

    assert replica_seconds(writes, 15.0) == pytest.approx(100.0)
    assert replica_seconds(writes, 25.0) == pytest.approx(205.0)
