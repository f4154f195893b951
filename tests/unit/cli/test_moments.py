"""Durations and times as a person writes and reads them."""

import pytest

from sluiceway.cli.moments import iso, parse_duration, shown_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("0.5", 0.5), ("500ms", 0.5), ("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172_800)],
)
def test_a_duration_is_a_number_of_seconds_or_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "0", "0s", "1 h", "5x", "1h30", "999999999d", "nan", "1e9", "٣s"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"give more than 0|write for example"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.0124, "12 ms"),
        (0.9996, "1.0 s"),
        (3.44, "3.4 s"),
        (59.96, "1m 00s"),
        (245, "4m 05s"),
        (3599.6, "1h 00m"),
        (11_520, "3h 12m"),
        (443_000, "5d 03h"),
    ],
)
def test_a_duration_is_shown_with_its_two_largest_units(seconds: float, shown: str) -> None:
    assert shown_duration(seconds) == shown


def test_a_time_is_shown_in_utc_with_milliseconds() -> None:
    assert iso(1_700_000_000_042) == "2023-11-14T22:13:20.042Z"


def test_a_time_beyond_every_calendar_stays_a_number() -> None:
    assert iso(2**63) == f"{2**63} ms"
