"""States of a server (one of the test's own) in which it refuses writes, for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from sluiceway.embedded import EmbeddedServer


@contextmanager
def full(server: EmbeddedServer) -> Iterator[None]:
    """Every command that needs memory is refused with OOM: `maxmemory` is below what is used already."""
    with redis.Redis.from_url(server.url) as client:
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", 1)
        yield
        client.config_set("maxmemory", before)


@contextmanager
def read_only(server: EmbeddedServer) -> Iterator[None]:
    """The server is a replica of nobody that answers: writes get READONLY, reads the old data."""
    with redis.Redis.from_url(server.url) as client:
        # Port 1 is refused at once, so no replication ever starts and the data stays.
        client.replicaof("127.0.0.1", 1)
        yield
        client.replicaof("NO", "ONE")
