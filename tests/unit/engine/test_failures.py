"""What a failed attempt leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deliveries import Item, a_handler

from sluiceway import Reject, Retry, RetryLater
from sluiceway.engine.failures import Bury, TryAgain, after_failure, died_too_often
from sluiceway.error_text import describe
from sluiceway.handlers import Handler


async def handle(_: Item) -> None: ...


def handler_with(retry: Retry | dict[type[BaseException], Retry]) -> Handler:
    return a_handler(handle, retry=retry)


@given(st.integers(1, 100), st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_an_event_is_tried_again_until_its_attempts_are_used_up(attempts: int, starts: int, chance: float) -> None:
    retry = Retry(attempts=attempts)
    outcome = after_failure(handler_with(retry), starts, ValueError(), chance)

    if starts >= attempts:
        assert outcome == Bury("exhausted")
    else:
        assert outcome == TryAgain(retry.wait_seconds(starts, chance))


@given(st.integers(1, 100), st.integers(1, 200))
def test_a_rejected_event_is_given_up_at_once(attempts: int, starts: int) -> None:
    assert after_failure(handler_with(Retry(attempts=attempts)), starts, Reject("no")) == Bury("rejected")


@given(st.integers(1, 10), st.integers(1, 20), st.floats(0, 1e6))
def test_a_wait_that_the_handler_chose_counts_as_an_attempt(attempts: int, starts: int, seconds: float) -> None:
    outcome = after_failure(handler_with(Retry(attempts=attempts)), starts, RetryLater(seconds))

    assert outcome == (Bury("exhausted") if starts >= attempts else TryAgain(seconds))


def test_the_policy_of_the_exception_s_class_counts() -> None:
    handler = handler_with({KeyError: Retry(attempts=1), RetryLater: Retry(attempts=2)})

    assert after_failure(handler, 1, KeyError()) == Bury("exhausted")
    assert isinstance(after_failure(handler, 1, ValueError()), TryAgain)
    assert after_failure(handler, 1, RetryLater(3)) == TryAgain(3)
    assert after_failure(handler, 2, RetryLater(3)) == Bury("exhausted")


@given(st.integers(1, 10), st.integers(0, 30), st.integers(0, 30))
def test_recorded_failures_end_no_process(attempts: int, deaths: int, failures: int) -> None:
    handler = handler_with(Retry(attempts=attempts))

    assert died_too_often(handler, deaths + failures, failures) == died_too_often(handler, deaths, 0)


@given(st.integers(1, 10))
def test_one_delivery_more_than_the_attempts_is_one_too_often(attempts: int) -> None:
    """One of them may have been a prefetch only."""
    handler = handler_with(Retry(attempts=attempts))

    assert not died_too_often(handler, attempts, 0)
    assert died_too_often(handler, attempts + 1, 0)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("plain"), "plain"),
        (ValueError(), ""),
        (ValueError("half a \ud83d"), "half a \\ud83d"),
        (KeyError("key"), "'key'"),
    ],
)
def test_an_error_is_described_by_its_text(error: Exception, told: str) -> None:
    assert describe(error) == told


def test_an_error_whose_text_cannot_be_read_is_described_all_the_same() -> None:
    class Unreadable(Exception):
        __str__ = None  # type: ignore[assignment]

    assert describe(Unreadable()) == "(its text cannot be read: TypeError)"


@given(st.text(st.characters()))
def test_a_description_can_be_encoded_and_keeps_what_can_be(text: str) -> None:
    described = describe(ValueError(text))

    assert described.encode().decode() == described
    assert described == text or not text.isascii()
