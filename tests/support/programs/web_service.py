"""A service under `sluiceway.run`: `web_service.py REDIS_URL GRACE_SECONDS`.

It answers numbers of `orders` on `payments`, with a line of its own for each. From 100 on a handler takes half a second,
from 200 on for ever; 13 fails at every start, and 14 at its first.
"""

import asyncio
import sys

import structlog
from aiohttp import web
from tests.support.numbered import QUICK, Answered, Numbered

from sluiceway import Context, Retry, Service, run

log = structlog.get_logger("shop")


def make_app() -> web.Application:
    service = Service("payments", sys.argv[1], grace_seconds=float(sys.argv[2]), consumer="web")

    @service.on(
        Numbered, stream="orders", publishes="payments", retry=Retry(attempts=2, first_seconds=0, cap_seconds=0)
    )
    async def answer(event: Numbered, context: Context) -> Answered:
        log.info("Answering", number=event.number)
        if event.number == 13 or (event.number == 14 and context.delivery_count == 1):
            raise ValueError(f"no {event.number}")
        if event.number >= 200:
            await asyncio.Event().wait()
        if event.number >= 100:
            await asyncio.sleep(0.5)
        return Answered(number=event.number)

    service.consume("orders", lease=QUICK)
    app = web.Application()
    service.attach(app)
    return app


if __name__ == "__main__":
    run(make_app, port=0)
