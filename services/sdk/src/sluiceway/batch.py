"""Several events in one call, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from .errors import Reject, RetryLater

if TYPE_CHECKING:
    from .context import Context
    from .events import Event

E_co = TypeVar("E_co", bound="Event", covariant=True)

__all__ = ["Batch", "BatchItem"]


class BatchItem(NamedTuple, Generic[E_co]):
    """One event of a batch, with its context."""

    event: E_co
    context: Context


class Batch(Generic[E_co]):
    """Events handled in one call. What is neither retried nor rejected is done.

    Example:
        >>> async def store(batch: Batch[OrderCreated]) -> None:
        ...     for item in batch:
        ...         if not item.event.items:
        ...             batch.reject(item, reason="an order without items")
    """

    def __init__(self, items: Sequence[BatchItem[E_co]]) -> None:
        self._items = tuple(items)
        self._failures: dict[int, RetryLater | Reject] = {}

    def __iter__(self) -> Iterator[BatchItem[E_co]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def retry(self, item: BatchItem[E_co], *, after_seconds: float) -> None:
        """Try this item again after so many seconds; it counts as an attempt."""
        self._failures[id(item)] = RetryLater(after_seconds)

    def reject(self, item: BatchItem[E_co], *, reason: str) -> None:
        """Send this item to the dead letters."""
        self._failures[id(item)] = Reject(reason)

    def failure_of(self, item: BatchItem[E_co]) -> RetryLater | Reject | None:
        """Return what was said of an item, or None if it is done."""
        return self._failures.get(id(item))
