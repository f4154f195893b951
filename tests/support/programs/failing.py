"""A consumer that fails every note: argument 1 is the server's URL, argument 2 the seconds until the next attempt."""

from __future__ import annotations

import sys
import time

from aiohttp import web

from sluiceway import Context, Event, Lease, Retry, RetryLater, Service, run

__all__ = ["Note"]


class Note(Event, type="NOTE"):
    """What fails."""

    number: int


def app_of(url: str, seconds: float) -> web.Application:
    service = Service("payments", redis=url, grace_seconds=5)
    service.consume("orders", lease=Lease(seconds=0.6, poll_seconds=0.1))

    @service.on(Note, stream="orders", retry=Retry(attempts=3))
    async def fail(_: Note, context: Context) -> None:
        print(f"failed at {time.time()} in start {context.delivery_count}", flush=True)  # noqa: T201 - for the test
        raise RetryLater(seconds)

    app = web.Application()
    service.attach(app)
    return app


if __name__ == "__main__":
    run(lambda: app_of(sys.argv[1], float(sys.argv[2])), port=0)
