"""A client of the event store that can be relied on to be cancelled."""

import asyncio
from typing import Any

from redis.asyncio import Redis
from typing_extensions import override


class Client(Redis):
    """redis-py's client, minus a trap.

    redis-py waits with `asyncio.wait_for`, which before Python 3.12 drops a cancellation that arrives in the same step
    as the result. The demo ends its background work by cancelling it, so a dropped one would keep it from ending.
    """

    @override
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run a command; raise CancelledError if the task was cancelled meanwhile."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            if task and task.cancelling() > before:
                raise asyncio.CancelledError
