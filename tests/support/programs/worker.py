"""A consumer as a process: it tells every step of its handlers as a line of JSON, and does what the events ask of it.

Started with one argument, a JSON object; see `Options`. It serves as a real service does, so SIGTERM stops it cleanly.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Literal, TypedDict

from aiohttp import web

from sluiceway import Context, Event, Lease, Retry, Service, run

__all__ = ["TOIL_SECONDS", "Done", "Options", "Work"]


TOIL_SECONDS = 0.005


class Options(TypedDict, total=False):
    """What the program is told: where the server is, and the service's options of the same names."""

    redis: str
    consumer: str
    gates: str
    """Folder in which a file named like an event lets that event's handler go on."""
    lease_seconds: float
    poll_seconds: float
    concurrency: int
    timeout_seconds: float
    grace_seconds: float


class Work(Event, type="WORK"):
    """Something to do."""

    name: str
    act: Literal["finish", "toil", "wait", "block"] = "finish"
    """Finish at once, after some milliseconds, when the gate opens, or keep the event loop busy until it does."""


class Done(Event, type="DONE"):
    """It was done; the committed effect."""

    name: str


def service_of(options: Options) -> Service:
    service = Service(
        "workers",
        redis=options["redis"],
        consumer=options["consumer"],
        grace_seconds=options.get("grace_seconds", 10.0),
    )
    service.consume("work", lease=Lease(options.get("lease_seconds", 60.0), options.get("poll_seconds", 0.1)))
    gates = Path(options["gates"])

    @service.on(
        Work,
        stream="work",
        publishes="results",
        concurrency=options.get("concurrency", 1),
        timeout_seconds=options.get("timeout_seconds", 60.0),
        retry=Retry(attempts=5, first_seconds=0.05),
    )
    async def work(event: Work, context: Context) -> Done:
        say("started", name=event.name, count=context.delivery_count)
        try:
            if event.act == "toil":
                await asyncio.sleep(TOIL_SECONDS)
            while event.act in ("wait", "block") and not (gates / event.name).exists():
                if event.act == "block":
                    time.sleep(0.01)  # noqa: ASYNC251 - this is what is tested
                else:
                    await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            say("cancelled", name=event.name)
            raise
        say("finished", name=event.name)
        return Done(name=event.name)

    return service


def say(step: str, **details: Any) -> None:
    print(json.dumps({"step": step, **details}), flush=True)  # noqa: T201 - its output is what the test reads


def app_of(options: Options) -> web.Application:
    app = web.Application()
    service_of(options).attach(app)
    return app


if __name__ == "__main__":
    run(lambda: app_of(json.loads(sys.argv[1])), port=0)
