"""A batch: its items, and what is said of each."""

import math
from typing import Any

import pytest

from sluiceway import Batch, BatchItem, ConfigurationError, Event, Reject, RetryLater


class Note(Event, type="NOTE"):
    number: int


def batch_of(*numbers: int) -> Batch[Note]:
    no_context: Any = None
    return Batch([BatchItem(Note(number=number), no_context) for number in numbers])


def test_it_has_its_items_in_order() -> None:
    batch = batch_of(1, 2, 3)

    assert [item.event.number for item in batch] == [1, 2, 3]
    assert len(batch) == 3


def test_what_is_not_named_is_done() -> None:
    batch = batch_of(1, 2)

    assert [batch.failure_of(item) for item in batch] == [None, None]


def test_each_item_has_an_outcome_of_its_own_even_where_events_are_equal() -> None:
    batch = batch_of(1, 1, 1)
    one, two, three = batch

    batch.retry(one, after_seconds=2.5)
    batch.reject(two, reason="no")

    later, never = batch.failure_of(one), batch.failure_of(two)
    assert isinstance(later, RetryLater)
    assert later.seconds == 2.5
    assert isinstance(never, Reject)
    assert never.reason == "no"
    assert batch.failure_of(three) is None


def test_the_last_word_counts() -> None:
    batch = batch_of(1)
    [item] = batch

    batch.reject(item, reason="no")
    batch.retry(item, after_seconds=0)

    assert isinstance(batch.failure_of(item), RetryLater)


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf])
def test_a_wait_that_cannot_be_is_refused(seconds: float) -> None:
    batch = batch_of(1)
    [item] = batch

    with pytest.raises(ConfigurationError, match="RetryLater"):
        batch.retry(item, after_seconds=seconds)
    assert batch.failure_of(item) is None
