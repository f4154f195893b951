"""How certain a lag is, and how groups are shown."""

import pytest

from sluiceway.cli.group_state import COUNTED_AT_MOST, ConsumerState, GroupState, Lag, document, judge_lag, report
from sluiceway.cli.streams import GroupInfo, StreamInfo
from sluiceway.cli.table import plain


def group(lag: int | None, last_delivered: str = "5-0") -> GroupInfo:
    return GroupInfo("payments", 0, last_delivered, lag)


def stream(length: int = 10, added: int = 10, last: str = "10-0") -> StreamInfo:
    return StreamInfo("orders", length, added, last, ())


def test_the_servers_number_is_exact_while_nothing_was_ever_removed() -> None:
    assert judge_lag(stream(length=10, added=10), group(lag=5), counted=1) == Lag(5, "exact", 5)


def test_a_group_that_was_given_the_latest_entry_has_no_lag_whatever_the_server_says() -> None:
    trimmed = stream(length=4, added=10)

    assert judge_lag(trimmed, group(lag=3, last_delivered="10-0"), counted=0) == Lag(0, "exact", 0)
    assert judge_lag(trimmed, group(lag=None, last_delivered="10-0"), counted=0) == Lag(0, "exact", 0)


def test_an_empty_stream_has_no_lag() -> None:
    assert judge_lag(stream(length=0, added=10), group(lag=3, last_delivered="0-0"), counted=0) == Lag(0, "exact", 0)


def test_entry_ids_are_compared_as_numbers() -> None:
    assert judge_lag(stream(last="10-0"), group(lag=1, last_delivered="9-0"), counted=1).entries == 1


def test_after_a_removal_a_short_lag_is_what_was_counted() -> None:
    assert judge_lag(stream(length=4, added=10), group(lag=7), counted=2) == Lag(2, "exact", 2)
    assert judge_lag(stream(length=4, added=10), group(lag=None), counted=2) == Lag(2, "exact", 2)


def test_after_a_removal_a_long_lag_is_an_estimate_between_what_was_counted_and_what_is_there() -> None:
    lag = judge_lag(stream(length=500, added=900), group(lag=600), counted=COUNTED_AT_MOST)

    assert lag == Lag(500, "estimated", COUNTED_AT_MOST)
    assert str(lag) == "about 500"
    assert judge_lag(stream(length=500, added=900), group(lag=3), counted=COUNTED_AT_MOST).entries == COUNTED_AT_MOST


def test_a_long_lag_that_the_server_does_not_know_is_unknown_and_never_zero() -> None:
    lag = judge_lag(stream(length=500, added=900), group(lag=None), counted=COUNTED_AT_MOST)

    assert lag == Lag(None, "unknown", COUNTED_AT_MOST)
    assert str(lag) == "unknown, 100+"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Lag(2, "exact", 2), Lag(3, "exact", 3), Lag(5, "exact", 5)),
        (Lag(2, "exact", 2), Lag(300, "estimated", 100), Lag(302, "estimated", 102)),
        (Lag(300, "estimated", 100), Lag(None, "unknown", 100), Lag(None, "unknown", 200)),
    ],
)
def test_a_lag_over_two_streams_is_as_certain_as_the_less_certain(one: Lag, other: Lag, both: Lag) -> None:
    assert one + other == both
    assert other + one == both


STATE = GroupState("orders", "payments", Lag(None, "unknown", 100), 3, 62.0, 1, (ConsumerState("pod-1", 3, 0.25),))


def test_a_group_is_shown_in_one_row() -> None:
    header, row = plain(report([STATE], [], consumers=False)).splitlines()

    assert header.split() == ["STREAM", "GROUP", "LAG", "PENDING", "OLDEST", "CONSUMERS", "DEAD", "LETTERS"]
    assert " ".join(row.split()) == "orders payments unknown, 100+ 3 1m 02s 1 1"


def test_consumers_and_streams_without_a_group_are_named() -> None:
    text = plain(report([STATE], ["audit"], consumers=True))

    assert "pod-1" in text
    assert "no group reads: audit" in text


def test_a_server_without_streams_says_so() -> None:
    assert plain(report([], [], consumers=False)) == "there is no stream on this server\n"


def test_an_unknown_lag_is_null_in_json() -> None:
    (shown,) = document([STATE], ["audit"])["groups"]

    assert (shown["lag"], shown["lag_certainty"], shown["lag_at_least"]) == (None, "unknown", 100)
    assert shown["consumers"] == [{"name": "pod-1", "pending": 3, "idle_seconds": 0.25}]
