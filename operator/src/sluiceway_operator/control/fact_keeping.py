"""Asks a server now and then what it says of itself. Nothing depends on the answer but metrics."""

import asyncio
from collections.abc import Mapping

import structlog
from redis.exceptions import NoPermissionError, RedisError

from ..observe import NodeFacts, read_facts
from .server import Server

__all__ = ["FactKeeper"]

_EVERY_SECONDS = 15.0


class FactKeeper:
    """Keeps what one server said of itself.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        self.facts: Mapping[str, NodeFacts] = {}
        """What each of its processes said at the latest time; empty if it does not tell."""
        self._server = server
        self._told = False
        self._log = structlog.get_logger().bind(server=server.address.url)

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            await self.once()
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self) -> None:
        """Ask now. Without the right to, that is said once, and everything else goes on."""
        try:
            said = await self._server.info()
        except NoPermissionError:
            self.facts = {}
            if not self._told:
                self._log.info(
                    "Server's own numbers are left out of the metrics: its user has no right to INFO (+info)"
                )
            self._told = True
        except (RedisError, OSError, TimeoutError):
            # the sweeps say that it cannot be reached
            self.facts = {}
        else:
            self.facts = {node: read_facts(info) for node, info in said.items()}
            self._told = False
