"""Waiting for a condition: what counts as true, what counts as not yet, and what a failure says."""

import asyncio
import itertools
import time

import pytest
from tests.support.eventually import eventually, eventually_sync


async def test_it_returns_the_first_true_answer_of_a_sync_condition() -> None:
    answers = iter([None, 0, "", "ready"])

    assert await eventually(lambda: next(answers)) == "ready"


async def test_it_returns_the_first_true_answer_of_an_async_condition() -> None:
    answers = iter([False, [], 7])

    async def condition() -> object:
        return next(answers)

    assert await eventually(condition) == 7


async def test_a_failed_assertion_means_not_yet() -> None:
    counter = itertools.count()

    def condition() -> bool:
        assert next(counter) >= 2
        return True

    assert await eventually(condition)


async def test_other_errors_are_passed_on_unless_they_are_to_be_ignored() -> None:
    answers = iter([ConnectionError("down"), None, "up"])

    def condition() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await eventually(condition, ignoring=(ConnectionError,)) == "up"

    with pytest.raises(ZeroDivisionError):
        await eventually(lambda: 1 / 0)


async def test_a_failure_names_the_condition_the_deadline_and_the_last_value() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.01 s: three entries; last value: \[\]"):
        await eventually(list, within_seconds=0.01, what="three entries")


async def test_a_condition_that_hangs_is_a_failure_too() -> None:
    async def condition() -> bool:
        await asyncio.Event().wait()
        return True

    with pytest.raises(AssertionError, match=r"an answer; last value: None; the last look at it did not return"):
        await eventually(condition, within_seconds=0.01, what="an answer")


async def test_a_timeout_of_the_condition_itself_is_passed_on() -> None:
    async def condition() -> bool:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await eventually(condition)


def test_a_failure_shows_the_last_error() -> None:
    def condition() -> bool:
        raise AssertionError("2 != 3")

    with pytest.raises(AssertionError, match="condition; last error: AssertionError"):
        eventually_sync(condition, within_seconds=0.01)


def test_the_sync_variant_waits_for_the_condition() -> None:
    due = time.monotonic() + 0.05

    assert eventually_sync(lambda: time.monotonic() >= due)


def test_the_condition_is_looked_at_even_when_there_is_no_time() -> None:
    assert eventually_sync(lambda: True, within_seconds=0)
