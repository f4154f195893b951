"""Rows of the operator's measurements: which number an aim is held against, and how replicas become seconds."""

import pytest
from tests.bench.operator.aims import AIMS, missing, rows
from tests.bench.operator.burst import replica_seconds
from tests.bench.operator.watching import Write


def test_a_row_tells_median_worst_and_every_run() -> None:
    told = rows({"something_else": [3, 1, 2]})

    assert told == [{"name": "something_else", "median": 2, "worst": 3, "runs": [3, 1, 2], "aim": None, "met": None}]


@pytest.mark.parametrize(
    ("name", "runs", "met"),
    [
        ("wake_written_ms", [20, 30, 900], True),
        ("wake_written_ms", [20, 101, 102], False),
        ("failover_lease_s", [6, 7, 10], True),
        ("failover_lease_s", [6, 7, 10.5], False),
    ],
)
def test_an_aim_is_held_against_the_number_that_it_names(name: str, runs: list[float], met: bool) -> None:  # noqa: FBT001
    (row,) = rows({name: runs})

    assert row["met"] is met


@pytest.mark.parametrize(("acknowledged", "met"), [(1.4, True), (1.6, False)])
def test_what_a_pod_takes_to_start_is_added_to_the_aim_of_what_it_acknowledges(acknowledged: float, met: bool) -> None:  # noqa: FBT001
    row, _ = rows({"wake_acknowledged_s": [acknowledged], "wake_pod_start_s": [1.0]})

    assert row["met"] is met
    assert row["aim"] == "median <= 0.5 + wake_pod_start_s"


def test_what_has_an_aim_and_no_row_is_missing() -> None:
    told = rows({name: [0.0] for name in (*AIMS, "wake_pod_start_s") if name != "burst_drained_s"})

    assert missing(told) == ["burst_drained_s"]


def test_replica_seconds_count_from_each_write_to_the_next_and_end_where_they_are_told_to() -> None:
    writes = [Write(0.0, 0), Write(10.0, 20), Write(20.0, 1), Write(30.0, 0)]

    assert replica_seconds(writes, 15.0) == pytest.approx(100.0)
    assert replica_seconds(writes, 25.0) == pytest.approx(205.0)
