"""pytest fixtures for whoever wants them: `pytest_plugins = ["sluiceway.testing.fixtures"]` in a `conftest.py`.

This is the only module here that needs pytest.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from ..embedded import EmbeddedServer

__all__ = ["embedded_server", "redis_url"]


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[EmbeddedServer]:
    """One real server for all tests of a session; it writes nothing to the disk."""
    with EmbeddedServer(append_only=False) as server:
        yield server


@pytest.fixture
def redis_url(embedded_server: EmbeddedServer) -> str:
    """The URL of that server, emptied for this test."""
    with redis.Redis.from_url(embedded_server.url) as client:
        client.flushall()
    return embedded_server.url
