"""A service of the SDK whose handler takes long: `URL STREAM COUNT SECONDS`; stream and group are called alike, its name is POD_NAME."""

from __future__ import annotations

import asyncio
import os
import sys

from aiohttp import web

from sluiceway import Event, Service, run


class Slow(Event, type="SLOW"):
    """What takes long."""

    number: int


def app_of(url: str, stream: str, count: int, seconds: float) -> web.Application:
    service = Service(stream, redis=url, consumer=os.environ["POD_NAME"], grace_seconds=25.0)
    service.consume(stream, in_flight=count, read_count=count)

    @service.on(Slow, stream=stream, timeout_seconds=60.0)
    async def take(_: Slow) -> None:
        await asyncio.sleep(seconds)

    app = web.Application()
    service.attach(app)
    return app


if __name__ == "__main__":
    run(lambda: app_of(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])), port=0)
