"""A connection to each server that takes writes, for commands that look at many streams."""

from __future__ import annotations

from redis.exceptions import ConnectionError as RedisConnectionError

from ..connection import Endpoint, Link
from ..connection.address import Node
from ..connection.slots import SlotMap

__all__ = ["Masters"]


class Masters:
    """One connection a master: a single one, or on a cluster one for each node that serves slots.

    Args:
        endpoint: The servers.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._slots: SlotMap | None = None
        self._links: dict[Node | None, Link] = {}

    async def of(self, key: str) -> Link:
        """Return the connection to the master that has a key."""
        if self._endpoint.cluster is None:
            return self._to(None)
        master = (await self._look()).master_of(key)
        if master is None:
            raise RedisConnectionError(f"no node of the cluster serves the slot of {key!r}")
        return self._to(master)

    async def all(self) -> list[Link]:
        """Return the connections to all masters."""
        if self._endpoint.cluster is None:
            return [self._to(None)]
        return [self._to(master) for master in (await self._look()).masters]

    async def close(self) -> None:
        """Close the connections; who serves what is asked anew before the next command."""
        links, self._links, self._slots = self._links, {}, None
        for link in links.values():
            await link.close()

    def _to(self, node: Node | None) -> Link:
        if node not in self._links:
            endpoint = self._endpoint if node is None else self._endpoint.at(node)
            self._links[node] = Link(endpoint, stream="")
        return self._links[node]

    async def _look(self) -> SlotMap:
        if self._slots is None and self._endpoint.cluster is not None:
            self._slots = await self._endpoint.cluster.look()
        assert self._slots is not None  # noqa: S101  # only asked for on a cluster
        return self._slots
