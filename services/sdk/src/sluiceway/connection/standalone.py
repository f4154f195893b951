"""One server, at an address that is known."""

from __future__ import annotations

from redis.asyncio.connection import AbstractConnection

from .address import Node
from .connector import Connector

__all__ = ["Standalone"]


class Standalone:
    """Opens connections to one server.

    Args:
        connector: Makes them.
        node: Its address; None: the one in the URL.
    """

    def __init__(self, connector: Connector, node: Node | None = None) -> None:
        self._connector = connector
        self._node = node

    async def open(self, _: str) -> AbstractConnection:
        """Return an open connection.

        Raises:
            redis.exceptions.RedisError: It cannot be reached, or refuses the login.
        """
        return await self._connector.open(self._node)
