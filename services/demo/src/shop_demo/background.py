"""Coroutines that run beside a block of code, for exactly as long as it does."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """Run coroutines beside the block; those that still run at its end are cancelled.

    If one fails, the block is cancelled and that error is raised in its place: the error itself, in no group, since
    the first failure is the one to tell about.

    Args:
        coroutines: what to run.

    Yields:
        their tasks, in the same order.

    Example:
        >>> async with beside(redraw()) as tasks:
        ...     await work()
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            try:
                yield tasks
            finally:
                for task in tasks:
                    task.cancel()
    except BaseExceptionGroup as failures:
        raise _first(failures) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
