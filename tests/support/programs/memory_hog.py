"""A consumer whose handler takes all the memory there is when an event says `kill`. Argument: the server's URL."""

from __future__ import annotations

import asyncio
import sys

from sluiceway import Event, Lease, Retry, Service


class Task(Event, type="TASK"):
    """Something to do, or to run out of memory with."""

    number: int
    deadly: str = ""


class Done(Event, type="DONE"):
    """It was done; the committed effect."""

    number: int


async def main(url: str) -> None:
    service = Service("workers", redis=url)
    service.consume("tasks", lease=Lease(seconds=5, poll_seconds=0.1))

    @service.on(Task, stream="tasks", publishes="results", concurrency=16, retry=Retry(attempts=2, first_seconds=0.01))
    async def do(task: Task) -> Done:
        taken: list[object] = []
        while task.deadly:
            # Small pieces at the end: not a byte is left for whoever deals with the failure.
            for size in (1 << 20, 1 << 10, 1 << 6):
                try:
                    while True:
                        taken.append(bytearray(size))
                except MemoryError:
                    if size == 1 << 6:
                        raise
        return Done(number=task.number)

    async with service:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
