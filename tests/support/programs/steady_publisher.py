"""`python -m tests.support.programs.steady_publisher URL`: publishes numbers without end and writes each receipt."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys

from tests.support.doubling import NUMBERS, Number

from sluiceway import Publisher


async def main(url: str) -> None:
    async with Publisher(url, NUMBERS) as publisher:
        for value in itertools.count():
            receipt = await publisher.publish(Number(value=value))
            sys.stdout.write(json.dumps({"value": value, "entry": receipt.entry_id, "event": receipt.event_id}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
