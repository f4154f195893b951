"""The servers of one set of settings, whichever way they work together."""

from __future__ import annotations

import copy
from typing import Protocol, Self

from redis.asyncio.connection import AbstractConnection

from .address import Node, read_url
from .cluster import Cluster
from .connector import Connector
from .credentials import login_options
from .detour import detour
from .sentinel import SentinelMaster
from .settings import RedisSettings
from .slots import slot_of
from .standalone import Standalone

__all__ = ["Endpoint"]


class _Route(Protocol):
    async def open(self, stream: str, /) -> AbstractConnection: ...


class Endpoint:
    """Opens connections to whichever server is the one to talk to now.

    It holds no connection, and may be used by several threads and event loops.

    Args:
        settings: A URL or settings.

    Raises:
        ConfigurationError: The URL cannot be one.
    """

    def __init__(self, settings: str | RedisSettings) -> None:
        self.settings = given = RedisSettings.of(settings)
        address = read_url(given.url)
        login = login_options(
            given.username or address.username, given.password or address.password, given.password_file
        )
        self.encrypted = address.url.startswith("rediss://")
        """Whether TLS is spoken."""
        self._connector = connector = Connector(address.url, given, {"db": address.database, **login})
        self.topology = address.topology
        """How the servers work together."""
        self._route: _Route
        self.cluster: Cluster | None = None
        """The cluster, if it is one."""
        if address.topology == "cluster":
            self._route = self.cluster = Cluster(address.nodes, connector)
        elif address.topology == "sentinel":
            login = login_options(given.sentinel_username, given.sentinel_password, given.sentinel_password_file)
            asking = Connector(address.url, given, login)
            self._route = SentinelMaster(address.service, address.nodes, asking=asking, connector=connector)
        else:
            self._route = Standalone(connector)

    @property
    def block_milliseconds(self) -> int:
        """Longest blocking read: well below the socket's time-out, and the longest a stop has to wait for it."""
        return int(min(1.0, self.settings.timeout_seconds / 2) * 1000)

    def one_step(self, stream: str, other: str) -> bool:
        """Return whether one script may touch both streams."""
        return self.cluster is None or slot_of(stream) == slot_of(other)

    def at(self, node: Node) -> Self:
        """Return the endpoint of one node of the cluster."""
        one = copy.copy(self)
        one._route = Standalone(self._connector, node)  # noqa: SLF001  # it is our own
        return one

    async def open(self, stream: str) -> AbstractConnection:
        """Return an open connection to the server that takes a stream's writes.

        Raises:
            redis.exceptions.RedisError: It cannot be found or reached, or refuses the login.
        """
        if (instead := detour.get()) is not None:
            return await instead.open(stream)
        return await self._route.open(stream)

    async def open_at(self, node: Node) -> AbstractConnection:
        """Return an open connection to a node that another one named; raises as `open` does."""
        return await self._connector.open(node)
