"""`python -m tests.support.programs.dies_before_commit URL STREAM OUTPUTS`: answers numbers, and dies just before its first commit.

On a cluster, outputs for another slot are published by then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from tests.support.numbered import QUICK, Numbered, Recorder

from sluiceway import Service
from sluiceway.connection import Link
from sluiceway.scripts import Script

run = Link.run


async def run_or_die(link: Link, script: Script, keys: Any, arguments: Any) -> Any:
    if script.name == "commit":
        os.kill(os.getpid(), signal.SIGKILL)
    return await run(link, script, keys, arguments)


async def main(url: str, stream: str, outputs: str) -> None:
    service = Service("payments", url, consumer="doomed")
    service.on(Numbered, stream=stream, publishes=outputs)(Recorder().answer)
    service.consume(stream, lease=QUICK)
    async with service:
        await asyncio.Event().wait()


if __name__ == "__main__":
    Link.run = run_or_die  # type: ignore[method-assign, assignment]  # a fault between two steps of ours, wherever it may come from
    asyncio.run(main(*sys.argv[1:]))
