"""One server, always the same."""

from collections.abc import Collection

from typing_extensions import override

from .address import Host
from .node import Access, Node
from .topology import Topology

__all__ = ["Standalone"]


class Standalone(Topology):
    """Holds every stream on one server.

    Args:
        host: Where it is.
        access: How to connect.
    """

    def __init__(self, host: Host, access: Access) -> None:
        self._node = Node(host, access)

    @override
    def part_of(self, stream: str) -> int:
        return 0

    @override
    async def node_of(self, stream: str) -> Node:
        return self._node

    @override
    async def node_at(self, host: str, port: int) -> Node:
        return self._node

    @override
    async def nodes(self) -> Collection[Node]:
        return (self._node,)

    @override
    async def doubt(self, node: Node) -> None:
        pass

    @override
    async def close(self) -> None:
        await self._node.close()
