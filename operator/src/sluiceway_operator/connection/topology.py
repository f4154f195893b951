"""What all ways of running servers have in common."""

from collections.abc import Collection
from typing import Protocol

from .node import Node

__all__ = ["Topology"]


class Topology(Protocol):
    """Finds the server process that holds a stream now."""

    def part_of(self, stream: str) -> int:
        """Return a number: streams that have the same may be asked about in one call."""
        ...

    async def node_of(self, stream: str) -> Node:
        """Return who holds a stream now.

        Raises:
            redis.exceptions.RedisError: That cannot be told, or whoever is named is not to be believed.
        """
        ...

    async def node_at(self, host: str, port: int) -> Node:
        """Return the node that another one named; raises as `node_of` does."""
        ...

    async def nodes(self) -> Collection[Node]:
        """Return all that hold streams now; raises as `node_of` does."""
        ...

    async def doubt(self, node: Node) -> None:
        """Look anew before the next call: a node did not answer, or said that it is not the one to ask."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
