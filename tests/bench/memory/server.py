"""Bytes that a server keeps: for an entry, for an entry that is pending, and for an event ID that is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import redis
from tests.bench.workload import PAYLOAD

from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import marker, new_event_id
from sluiceway.keys import GroupKeys

__all__ = ["server_figures"]

_PER_CALL = 256
_KEYS = GroupKeys("orders", "payments")


def server_figures(server: EmbeddedServer, *, entries: int, event_ids: int) -> dict[str, float]:
    """Return bytes of memory each.

    Args:
        server: An empty one.
        entries: How many entries.
        event_ids: How many event IDs. A table doubles as it fills, so the figure belongs to this very number.
    """
    with redis.Redis.from_url(server.url) as client:
        figures = {
            "bytes_per_entry": _growth(client, entries, _fill),
            "bytes_per_pending_entry": _growth(client, entries, _read),
        }
        _flush(client)
        figures["bytes_per_marker"] = _growth(client, event_ids, _remember_in_a_set)
        _flush(client)
        # the dear way, for comparison: a key with an expiry for each event ID
        figures["bytes_per_key"] = _growth(client, entries, _remember_in_keys)
        _flush(client)
    return figures


def _growth(client: redis.Redis, count: int, work: Callable[[redis.Redis, int], None]) -> float:
    before = _used(client)
    work(client, count)
    return round((_used(client) - before) / count, 1)


def _used(client: redis.Redis) -> int:
    # pages that are free already are not counted
    client.memory_purge()
    used: int = client.info("memory")["used_memory"]
    return used


def _flush(client: redis.Redis) -> None:
    # Valkey frees in the background otherwise
    client.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]


def _fill(client: redis.Redis, count: int) -> None:
    for event_ids in _chunks(count):
        with client.pipeline(transaction=False) as pipeline:
            for event_id in event_ids:
                _ = pipeline.xadd(
                    "orders", {"id": event_id, "type": "ORDER_CREATED", "payload": PAYLOAD, "correlationId": event_id}
                )
            pipeline.execute()


def _read(client: redis.Redis, count: int) -> None:
    client.xgroup_create("orders", "payments", id="0")
    for event_ids in _chunks(count):
        client.execute_command(  # type: ignore[no-untyped-call]
            "XREADGROUP", "GROUP", "payments", "one", "COUNT", len(event_ids), "STREAMS", "orders", ">"
        )


def _remember_in_a_set(client: redis.Redis, count: int) -> None:
    # as a commit does it: 16 bytes each, in one set for a window
    for event_ids in _chunks(count):
        members: list[Any] = [marker(event_id) for event_id in event_ids]
        client.sadd(_KEYS.markers[0], *members)


def _remember_in_keys(client: redis.Redis, count: int) -> None:
    for event_ids in _chunks(count):
        with client.pipeline(transaction=False) as pipeline:
            for event_id in event_ids:
                pipeline.set(f"{_KEYS.markers[0]}:{event_id}", 1, ex=3600)
            pipeline.execute()


def _chunks(count: int) -> Iterator[list[str]]:
    for first in range(0, count, _PER_CALL):
        yield [new_event_id() for _ in range(min(_PER_CALL, count - first))]
