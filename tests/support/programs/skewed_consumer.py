"""A consumer on a machine whose wall clock is wrong: `skewed_consumer.py URL OFFSET_SECONDS HELD`.

Every number is answered but HELD, whose handler never ends; odd ones fail at their first start. It prints `ready`, then `begun N` for every start.
"""

import asyncio
import sys
import time
from collections.abc import Callable

_right: Callable[[], float] = time.time
_offset = float(sys.argv[2])


time.time = lambda: _right() + _offset
time.time_ns = lambda: int(time.time() * 1e9)

# After the clock is wrong, so that nothing has kept the right one.
from tests.support.eventually import eventually  # noqa: E402
from tests.support.numbered import QUICK, Answered, Numbered  # noqa: E402

from sluiceway import Context, Retry, Service  # noqa: E402
from sluiceway.readiness import readiness  # noqa: E402

HELD = int(sys.argv[3])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    service = Service("payments", sys.argv[1])

    @service.on(Numbered, stream="orders", publishes="payments", retry=Retry(first_seconds=0.3, cap_seconds=0.3))
    async def answer(event: Numbered, context: Context) -> Answered:
        say(f"begun {event.number}")
        if event.number % 2 and context.delivery_count == 1:
            raise ValueError("the first start fails")
        if event.number == HELD:
            await asyncio.Event().wait()
        return Answered(number=event.number)

    service.consume("orders", lease=QUICK)
    async with service:
        await eventually(lambda: readiness(service) == [])
        say("ready")
        await asyncio.Event().wait()


asyncio.run(main())
