"""Tasks that end when they are told to, also in the middle of what swallows it."""

import asyncio
from collections.abc import Collection
from typing import Any

__all__ = ["end"]

_AGAIN_SECONDS = 0.2


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and again until all of them have ended.

    Once is not enough: redis-py swallows a cancellation that comes at certain moments of a connect (seen with 8.0 on
    Python 3.11), and a loop would go on for ever.

    Args:
        tasks: The tasks; what they raise is not told.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
