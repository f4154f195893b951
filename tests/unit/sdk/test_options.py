"""Option objects: what they refuse, and how long `Retry` waits."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway import ConfigurationError, Deduplicate, Lease, Reject, Retry, RetryLater, Trim
from sluiceway.options import ConsumerOptions

NO_NUMBERS = ["5", None, True, math.nan, math.inf, -math.inf]

LOWEST: dict[type, dict[str, float]] = {
    Retry: {"attempts": 1, "first_seconds": 0, "cap_seconds": 0.2, "multiplier": 1, "jitter": 0},
    Lease: {"seconds": 0.2, "poll_seconds": 0.05},
    Deduplicate: {"seconds": 0},
    Trim: {"keep": 0, "every_seconds": 0.05},
    ConsumerOptions: {"in_flight": 1, "in_flight_bytes": 1, "read_count": 1, "commit_count": 1, "waiting": 1},
}
WHOLE = {"attempts", "keep", "in_flight", "in_flight_bytes", "read_count", "commit_count", "waiting"}


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (owner, name, value)
        for owner, names in LOWEST.items()
        for name, lowest in names.items()
        for value in [*NO_NUMBERS, lowest - 0.01, -1, *([1.5] if name in WHOLE else [])]
    ],
)
def test_a_number_that_cannot_work_is_refused_with_its_owner_its_name_and_its_value(
    owner: type, name: str, value: Any
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        owner(**{name: value})

    told = str(refusal.value)
    assert f"{owner.__name__}({name}={value!r})" in told
    assert "must be" in told


@pytest.mark.parametrize(
    ("owner", "name", "lowest"), [(owner, name, low) for owner, names in LOWEST.items() for name, low in names.items()]
)
def test_the_lowest_number_that_works_is_taken(owner: type, name: str, lowest: float) -> None:
    assert getattr(owner(**{name: lowest}), name) == lowest


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Retry(jitter=1.1), "Retry(jitter=1.1): must be at most 1"),
        (lambda: Retry(cap_seconds=1e9), "Retry(cap_seconds=1000000000.0): must be at most 31536000"),
        (lambda: Retry(first_seconds=5, cap_seconds=4), "Retry(cap_seconds=4): must be a number of at least 5"),
        (lambda: ConsumerOptions(read_count=1001), "read_count=1001: must be at most 1000"),
        (lambda: ConsumerOptions(commit_count=1001), "commit_count=1001: must be at most 1000"),
        (
            lambda: ConsumerOptions(unhandled="drop"),  # type: ignore[arg-type]
            "unhandled='drop': must be one of ignore, dead_letter",
        ),
        (
            lambda: ConsumerOptions(start="now"),  # type: ignore[arg-type]
            "start='now': must be one of earliest, latest",
        ),
        (
            lambda: ConsumerOptions(on_lost_group="cry"),  # type: ignore[arg-type]
            "on_lost_group='cry': must be one of resume, earliest, latest, fail",
        ),
        (lambda: RetryLater(-1), "RetryLater(seconds=-1): must be 0 to 31536000"),
        (lambda: RetryLater(math.nan), "RetryLater(seconds=nan): must be 0 to 31536000"),
        (lambda: RetryLater(math.inf), "RetryLater(seconds=inf): must be 0 to 31536000"),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_its_bounds(make: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        make()

    assert told in str(refusal.value)


def test_outcomes_carry_what_they_were_given() -> None:
    assert RetryLater(1.5).seconds == 1.5
    assert Reject("no").reason == str(Reject("no")) == "no"


RETRIES = st.builds(
    lambda first, above, multiplier, jitter: Retry(
        first_seconds=first, cap_seconds=first + above, multiplier=multiplier, jitter=jitter
    ),
    first=st.floats(0, 1e6),
    above=st.floats(0, 1e6),
    multiplier=st.floats(1, 1e6),
    jitter=st.floats(0, 1),
)
FAILURES = st.integers(1, 10_000)
CHANCE = st.floats(0, 1, exclude_max=True)


@given(RETRIES, FAILURES, CHANCE)
def test_a_wait_is_never_above_its_cap_and_never_below_what_jitter_leaves(
    retry: Retry, failures: int, chance: float
) -> None:
    wait = retry.wait_seconds(failures, chance)

    assert 0 <= wait <= retry.cap_seconds
    assert wait >= retry.wait_seconds(failures, 0.0) * (1 - retry.jitter) * (1 - 1e-9)


@given(RETRIES, FAILURES, CHANCE)
def test_waits_do_not_shrink_from_one_failure_to_the_next(retry: Retry, failures: int, chance: float) -> None:
    assert retry.wait_seconds(failures, chance) <= retry.wait_seconds(failures + 1, chance)


@given(RETRIES, FAILURES)
def test_chance_only_shortens_a_wait(retry: Retry, failures: int) -> None:
    assert retry.wait_seconds(failures) <= retry.wait_seconds(failures, 0.0)


def test_waits_grow_by_the_multiplier_up_to_the_cap() -> None:
    retry = Retry(first_seconds=0.5, cap_seconds=30, multiplier=3, jitter=0.5)

    assert [retry.wait_seconds(failures, 0.0) for failures in range(1, 6)] == [0.5, 1.5, 4.5, 13.5, 30]
    assert [retry.wait_seconds(failures, 0.5) for failures in range(1, 6)] == [0.375, 1.125, 3.375, 10.125, 22.5]


def test_a_wait_of_nothing_stays_nothing_however_it_grows() -> None:
    assert Retry(first_seconds=0, multiplier=1e6).wait_seconds(10_000, 0.0) == 0


def test_many_failures_at_once_do_not_come_back_at_once() -> None:
    waits = {Retry().wait_seconds(1) for _ in range(100)}

    assert len(waits) > 90
    assert max(waits) <= 0.2
    assert min(waits) >= 0.1
