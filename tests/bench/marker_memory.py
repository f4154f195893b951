# ruff: noqa: T201 - what it prints is its output
"""What remembering event IDs costs: bytes of server memory per marker, on each installed server.

Run it with `python -m tests.bench.marker_memory`. Markers are made and stored as a commit does it: 16 bytes each, in one set for a window,
256 at a time. For comparison, the dear way: a key with an expiry for each event ID.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

import redis
from tests.support.servers import SERVERS, name_of

from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import marker, new_event_id
from sluiceway.keys import GroupKeys

_PER_CALL = 256
_KEY = GroupKeys("orders", "payments").markers[0]

Store = Callable[[Any, list[str]], None]


def in_a_set(pipeline: Any, event_ids: list[str]) -> None:
    pipeline.sadd(_KEY, *map(marker, event_ids))


def in_keys(pipeline: Any, event_ids: list[str]) -> None:
    for event_id in event_ids:
        pipeline.set(f"{_KEY}:{event_id}", 1, ex=3600)


def chunks(count: int) -> Iterator[list[str]]:
    for first in range(0, count, _PER_CALL):
        yield [new_event_id() for _ in range(min(_PER_CALL, count - first))]


def bytes_per_event(server: EmbeddedServer, store: Store, count: int) -> float:
    """Return how much the server's memory grows by, per event.

    Args:
        server: An empty one.
        store: How an event ID is remembered.
        count: How many event IDs.
    """
    with redis.Redis.from_url(server.url) as client:
        before: int = client.info("memory")["used_memory"]
        for event_ids in chunks(count):
            with client.pipeline(transaction=False) as pipeline:
                store(pipeline, event_ids)
                pipeline.execute()
        after: int = client.info("memory")["used_memory"]
        client.flushall()
    return (after - before) / count


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.marker_memory", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="event IDs to remember (default: a million)")
    count: int = parser.parse_args().count
    for binary in SERVERS:
        with EmbeddedServer(append_only=False, binary=binary) as server:
            figures = {
                "server": f"{name_of(binary)} ({binary.version})",
                "events": count,
                "bytes_per_marker": round(bytes_per_event(server, in_a_set, count), 1),
                "bytes_per_key": round(bytes_per_event(server, in_keys, count), 1),
            }
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
