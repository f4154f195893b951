"""A consumer with redis-py alone: `URL STREAM COUNT SECONDS`; stream and group are called alike, its name is POD_NAME.

It reads COUNT entries, takes SECONDS for each and acknowledges it. No leases, no recovery. SIGTERM ends it when it has done what
it holds. In `STREAM:began` it puts its name before it reads for the first time, in `STREAM:done` the ID of each entry that it did.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Any

from redis import Redis

__all__ = ["consume"]


def consume(url: str, stream: str, count: int, seconds: float, name: str) -> None:
    """Consume until SIGTERM."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    with Redis.from_url(url, decode_responses=True) as client:
        client.rpush(f"{stream}:began", name)
        while not over.is_set():
            reply: Any = client.xreadgroup(stream, name, {stream: ">"}, count=count, block=500)
            for _, entries in reply or ():
                for entry_id, _ in entries:
                    time.sleep(seconds)
                    pipeline = client.pipeline()
                    pipeline.xack(stream, stream, entry_id)
                    pipeline.rpush(f"{stream}:done", entry_id)
                    pipeline.execute()


if __name__ == "__main__":
    consume(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), os.environ["POD_NAME"])
