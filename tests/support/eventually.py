"""Waiting for a condition with a deadline, in place of sleeping and hoping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, overload

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05
_GRACE_SECONDS = 1.0


@overload
async def eventually(
    predicate: Callable[[], Awaitable[T]],
    *,
    within_seconds: float = ...,
    what: str | None = ...,
    ignoring: tuple[type[Exception], ...] = ...,
) -> T: ...
@overload
async def eventually(
    predicate: Callable[[], T],
    *,
    within_seconds: float = ...,
    what: str | None = ...,
    ignoring: tuple[type[Exception], ...] = ...,
) -> T: ...
async def eventually(
    predicate: Callable[[], Any],
    *,
    within_seconds: float = 30.0,
    what: str | None = None,
    ignoring: tuple[type[Exception], ...] = (),
) -> Any:
    """Wait until a condition holds.

    Args:
        predicate: Sync or async; holds when its answer is true. An AssertionError in it means "not yet".
        within_seconds: Deadline.
        what: Names the condition in the failure; None: the predicate's own name.
        ignoring: Further exceptions that mean "not yet", for example ConnectionError while a server restarts.

    Returns:
        The answer that was true.

    Raises:
        AssertionError: The deadline passed; the text shows the last answer or error.

    Example:
        >>> await eventually(lambda: client.xlen("orders"), what="an order on the stream")
    """
    not_yet: tuple[type[Exception], ...] = (AssertionError, *ignoring)
    last: object = None
    # An async condition may hang (its connection is cut off, say): that is a failure of the same kind.
    deadline = asyncio.timeout(within_seconds + _GRACE_SECONDS)
    try:
        async with deadline:
            for pause in _pauses(within_seconds):
                try:
                    answer = predicate()
                    value = await answer if inspect.isawaitable(answer) else answer
                    if value:
                        return value
                    last = value
                except not_yet as error:
                    last = error
                await asyncio.sleep(pause)
    except TimeoutError:
        if not deadline.expired():
            raise
        failure = _failure(predicate, what, within_seconds, last)
        raise AssertionError(f"{failure}; the last look at it did not return") from None
    raise AssertionError(_failure(predicate, what, within_seconds, last))


def eventually_sync(
    predicate: Callable[[], T],
    *,
    within_seconds: float = 30.0,
    what: str | None = None,
    ignoring: tuple[type[Exception], ...] = (),
) -> T:
    """Wait until a condition holds, without an event loop. The same as `eventually` otherwise."""
    not_yet: tuple[type[Exception], ...] = (AssertionError, *ignoring)
    last: object = None
    for pause in _pauses(within_seconds):
        try:
            value = predicate()
            if value:
                return value
            last = value
        except not_yet as error:
            last = error
        time.sleep(pause)
    raise AssertionError(_failure(predicate, what, within_seconds, last))


def _pauses(within_seconds: float) -> Iterator[float]:
    """One more look after the deadline: on a busy machine the pause before it may have been the whole time."""
    deadline = time.monotonic() + within_seconds
    pause = _FIRST_PAUSE_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        yield min(pause, left)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
    yield 0.0


def _failure(predicate: Callable[[], object], what: str | None, within_seconds: float, last: object) -> str:
    name = what or getattr(predicate, "__qualname__", repr(predicate))
    seen = f"last error: {last!r}" if isinstance(last, Exception) else f"last value: {last!r}"
    return f"not within {within_seconds:g} s: {name}; {seen}"
