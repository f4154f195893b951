"""Where connections go instead of where settings say: a test kit's server, for the length of a test.

It is a context variable, so it holds for the tasks of that test and for nothing else in the process.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from redis.asyncio.connection import AbstractConnection

__all__ = ["Detour", "detour"]


class Detour(Protocol):
    """Opens connections in an endpoint's stead."""

    async def open(self, stream: str) -> AbstractConnection:
        """Return an open connection to the server that takes a stream's writes."""


detour: ContextVar[Detour | None] = ContextVar("sluiceway_detour", default=None)
