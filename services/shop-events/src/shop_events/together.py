"""One call for all who want the same at the same time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Together"]

T = TypeVar("T")
R = TypeVar("R")

_MOST_PER_CALL = 256


class Together(Generic[T, R]):
    """Makes one call of many: whoever comes while a call is under way shares the next one.

    A round trip to the event store costs a process far more than what it carries. Under load its cost is shared by all
    that wait; a single caller waits for nobody.

    Args:
        call: Takes many items and returns one result for each, in their order. What it raises is raised to every caller
            whose item it was given.

    Example:
        >>> double = Together(double_all)
        >>> await asyncio.gather(double(1), double(2))  # one call of double_all
        [2, 4]
    """

    def __init__(self, call: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._call = call
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._caller: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        """Return the result for one item. A caller that is cancelled before its call began leaves its item out."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._caller is None or self._caller.done():
            self._caller = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while batch := self._take():
            try:
                results = await self._call([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001  # it is the callers'
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), result in zip(batch, results, strict=True):
                    if not answer.done():
                        answer.set_result(result)

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        while self._waiting and len(batch) < _MOST_PER_CALL:
            item, answer = self._waiting.popleft()
            if not answer.done():
                batch.append((item, answer))
        return batch
