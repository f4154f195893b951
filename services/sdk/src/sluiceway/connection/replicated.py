"""A connection whose writes count once replicas have them."""

from __future__ import annotations

import asyncio
from typing import Any

from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from typing_extensions import override

from .endpoint import Endpoint
from .link import ASKING, Link

__all__ = ["ReplicasMissing", "ReplicatedLink", "writing_link"]


class ReplicasMissing(RedisError):
    """The server has carried out a write, and too few replicas have it.

    Args:
        reached: How many have it.
        wanted: How many should.
        seconds: How long they were waited for.
    """

    def __init__(self, reached: int, wanted: int, seconds: float) -> None:
        super().__init__(f"it is on the server, but on {reached} of {wanted} replicas after {seconds:g} s")
        self.reached = reached
        self.wanted = wanted


class ReplicatedLink(Link):
    """A link on which each command is followed by WAIT.

    WAIT is about what its own connection wrote, so it must not be sent over another one, as it might be after a fault.

    Args:
        endpoint: The servers; its settings say how many replicas, and how long they are waited for.
        stream: See `Link`.
    """

    def __init__(self, endpoint: Endpoint, stream: str) -> None:
        super().__init__(endpoint, stream)
        settings = endpoint.settings
        self._replicas = settings.replicas
        self._seconds = settings.replica_timeout_seconds
        milliseconds = int(settings.replica_timeout_seconds * 1000)
        self._wait = pack_command(("WAIT", str(settings.replicas), str(milliseconds)))  # type: ignore[arg-type]  # see Link

    @override
    async def _send(self, connection: AbstractConnection, packed: bytes) -> Any:
        reply = await super()._send(connection, packed)
        if packed is ASKING:
            return reply
        try:
            async with asyncio.timeout(self._timeout_seconds + self._seconds):
                await connection.send_packed_command(self._wait, check_health=False)
                reached: int = await connection.read_response(disable_decoding=True)
        except TimeoutError:
            await self.close()
            raise RedisTimeoutError(f"no reply to WAIT within {self._timeout_seconds + self._seconds} s") from None
        if reached < self._replicas:
            # Its replicas may follow another master by now; the next connect finds out.
            await self.close()
            raise ReplicasMissing(reached, self._replicas, self._seconds)
        return reply


def writing_link(endpoint: Endpoint, stream: str) -> Link:
    """Return a link for what must not be lost: one that waits for replicas, if its settings ask for some."""
    return (ReplicatedLink if endpoint.settings.replicas else Link)(endpoint, stream)
