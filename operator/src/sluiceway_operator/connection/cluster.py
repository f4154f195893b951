"""The nodes of a cluster. Its map of slots is asked for anew when a node does not answer or says that a slot is elsewhere."""

import asyncio
import random
from collections.abc import Collection, Sequence
from typing import Any

from redis.crc import key_slot
from redis.exceptions import ClusterDownError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from typing_extensions import override

from .address import Host
from .node import Access, Node
from .topology import Topology

__all__ = ["Cluster"]

_Range = tuple[int, int, Host]
"""First slot, last slot, and the master that serves them."""


class Cluster(Topology):
    """Holds each stream on the master that serves its slot.

    Args:
        seeds: Nodes to ask first; the others are learnt from them, so that later any node that lives is enough.
        access: How to connect.
    """

    def __init__(self, seeds: Sequence[Host], access: Access) -> None:
        self._seeds = tuple(seeds)
        self._known = self._seeds
        self._access = access
        self._nodes: dict[Host, Node] = {}
        self._ranges: tuple[_Range, ...] | None = None
        self._looking = asyncio.Lock()

    @override
    def part_of(self, stream: str) -> int:
        return key_slot(stream.encode("utf-8", "surrogateescape"))

    @override
    async def node_of(self, stream: str) -> Node:
        slot = self.part_of(stream)
        for first, last, host in await self._map():
            if first <= slot <= last:
                return self._node(host)
        self._ranges = None
        raise ClusterDownError(f"no node of the cluster serves slot {slot}, the one of {stream!r}")

    @override
    async def node_at(self, host: str, port: int) -> Node:
        return self._node((host, port))

    @override
    async def nodes(self) -> Collection[Node]:
        return [self._node(host) for host in sorted({host for _, _, host in await self._map()})]

    @override
    async def doubt(self, node: Node) -> None:
        self._ranges = None

    @override
    async def close(self) -> None:
        await asyncio.gather(*(node.close() for node in self._nodes.values()))

    def _node(self, host: Host) -> Node:
        return self._nodes.setdefault(host, Node(host, self._access))

    async def _map(self) -> tuple[_Range, ...]:
        async with self._looking:
            if self._ranges is None:
                self._ranges = await self._look()
            return self._ranges

    async def _look(self) -> tuple[_Range, ...]:
        """Ask the nodes, in any order: one that is cut off from the others knows old things only."""
        failures: list[str] = []
        for host in dict.fromkeys((*random.sample(self._known, len(self._known)), *self._seeds)):
            node = self._node(host)
            try:
                reply = await node.ask("CLUSTER", "SLOTS")
            except (RedisError, OSError, TimeoutError) as error:
                failures.append(f"{node}: {str(error) or type(error).__name__}")
                continue
            if reply:
                self._known = tuple(dict.fromkeys(_host(told, host) for _, _, *nodes in reply for told in nodes))
                return tuple((first, last, _host(master, host)) for first, last, master, *_ in reply)
            failures.append(f"{node} knows of no slots")
        raise RedisConnectionError(f"no node of the cluster can be asked: {'; '.join(failures)}")


def _host(told: Sequence[Any], asked: Host) -> Host:
    """Return where a node is; one that does not know its own host has the one that it was reached by."""
    name = (told[0] or b"").decode()
    return (name if name not in {"", "?"} else asked[0]), int(told[1])
