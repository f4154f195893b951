"""A consumer that is started again whenever it dies, as Kubernetes restarts a container: one process a life.

Started with one argument, a JSON object; see `Options`. It forks its lives, so that each takes milliseconds to start.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Literal, TypedDict

from sluiceway import Event, Lease, Retry, Service

__all__ = ["Done", "Options", "Task"]


class Options(TypedDict):
    """What the program is told."""

    redis: str
    attempts: int
    concurrency: int
    names: Literal["same", "new"]
    """Whether each life has the consumer name of the one before (a container in its pod) or one of its own."""


class Task(Event, type="TASK"):
    """Something to do, or to die of."""

    number: int
    deadly: Literal["", "kill", "exit"] = ""


class Done(Event, type="DONE"):
    """It was done; the committed effect."""

    number: int


async def live(life: int, options: Options) -> None:
    name = "pod" if options["names"] == "same" else f"pod-{life}"
    service = Service("workers", redis=options["redis"], consumer=name)
    service.consume("tasks", lease=Lease(seconds=0.4, poll_seconds=0.05))

    @service.on(
        Task,
        stream="tasks",
        publishes="results",
        concurrency=options["concurrency"],
        retry=Retry(attempts=options["attempts"]),
    )
    async def do(task: Task) -> Done:
        print(f"started {task.number}", flush=True)  # noqa: T201 - its output is what the test reads
        await asyncio.sleep(0.002)
        if task.deadly == "kill":
            # What the kernel does to a process that takes all memory.
            os.kill(os.getpid(), signal.SIGKILL)
        if task.deadly == "exit":
            sys.exit(3)
        return Done(number=task.number)

    async with service:
        await asyncio.Event().wait()


def main(options: Options) -> None:
    life = 0
    while True:
        life += 1
        child = os.fork()
        if child == 0:
            asyncio.run(live(life, options))
        os.waitpid(child, 0)
        print(f"life {life} is over", flush=True)  # noqa: T201 - its output is what the test reads


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
