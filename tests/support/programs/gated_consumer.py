"""`python -m tests.support.programs.gated_consumer URL OPTIONS`: a consumer whose handler waits at a gate.

The handler writes that it begins, waits for a file `gate-<value>` (or `gate`) in the working directory, writes that it returns, and
publishes the double of its number. OPTIONS is a JSON object; see `Options`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from tests.support.doubling import DOUBLED, NUMBERS, Doubled, Number

from sluiceway import Context, Deduplicate, Lease, Retry, Service

_LOOK_SECONDS = 0.005


class Options(BaseModel):
    """What a test may set.

    Args:
        consumer: Its name in the group.
        gated: Whether the handler waits for the gate at all.
        blocks: It waits without letting the event loop go on, so nothing of the process can cancel it.
        work_seconds: What the handler takes besides.
        concurrency: As for `Service.on`.
        attempts: As for `Retry`.
        publishes: Stream for the doubles.
        deduplicate_seconds: The marker window.
        lease_seconds: The lease.
    """

    model_config = ConfigDict(extra="forbid")

    consumer: str = "gated"
    gated: bool = True
    blocks: bool = False
    work_seconds: float = 0.0
    concurrency: int = 1
    attempts: int = 5
    publishes: str = DOUBLED
    deduplicate_seconds: float = 3600.0
    lease_seconds: float = 0.6


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def is_open(value: int) -> bool:
    return Path("gate").exists() or Path(f"gate-{value}").exists()


async def main(url: str, options: Options) -> None:
    service = Service("doubling", url, consumer=options.consumer)
    service.consume(
        NUMBERS,
        lease=Lease(seconds=options.lease_seconds, poll_seconds=0.1),
        deduplicate=Deduplicate(seconds=options.deduplicate_seconds),
    )

    @service.on(
        Number,
        stream=NUMBERS,
        publishes=options.publishes,
        concurrency=options.concurrency,
        retry=Retry(attempts=options.attempts),
    )
    async def handle(number: Number, context: Context) -> Doubled:
        tell(did="began", value=number.value, count=context.delivery_count)
        while options.gated and not is_open(number.value):
            if options.blocks:
                time.sleep(_LOOK_SECONDS)  # noqa: ASYNC251 - blocking the loop is the point
            else:
                await asyncio.sleep(_LOOK_SECONDS)
        if options.work_seconds:
            await asyncio.sleep(options.work_seconds)
        tell(did="returned", value=number.value)
        return Doubled(value=number.value * 2)

    async with service:
        tell(did="started")
        seen: dict[str, int] = {}
        while True:
            stats = service.consumers[0].stats
            now = {**stats.settled, "gone": stats.gone}
            if now != seen:
                tell(did="counted", **now)
                seen = now
            await asyncio.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Options.model_validate_json(sys.argv[2])))
