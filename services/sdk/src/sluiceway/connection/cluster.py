"""The nodes of a cluster, and connections to the one that serves a stream.

The map of slots is asked for at every connect, from any node that is known, rather than kept: a connection is opened
seldom, and then mostly because a failover or a resharding has just changed the map.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ClusterDownError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from .address import Node
from .connector import Connector
from .slots import SlotMap, slot_of

__all__ = ["Cluster"]


class Cluster:
    """Opens connections to the masters of a cluster.

    Args:
        seeds: Nodes to ask first; the others are learnt from them, so that later any node that lives is enough.
        connector: Makes connections.
    """

    def __init__(self, seeds: Sequence[Node], connector: Connector) -> None:
        self._seeds = tuple(seeds)
        self._known = self._seeds
        self._connector = connector

    async def open(self, stream: str) -> AbstractConnection:
        """Return an open connection to the master that serves a stream.

        Raises:
            redis.exceptions.RedisError: No node answers, none serves the slot, or its master cannot be reached.
        """
        master = (await self.look()).master_of(stream)
        if master is None:
            raise ClusterDownError(f"no node of the cluster serves slot {slot_of(stream)}, the one of {stream!r}")
        return await self._connector.open(master)

    async def look(self) -> SlotMap:
        """Return what one of the nodes knows of the cluster.

        Raises:
            redis.exceptions.RedisError: No node answers.
        """
        failures: list[str] = []
        # In any order: a node that is cut off from the others knows old things only, and the next connect asks another.
        known = random.sample(self._known, len(self._known))
        for node in dict.fromkeys((*known, *self._seeds)):
            try:
                reply = await self._connector.ask(node, "CLUSTER", "SLOTS")
            except (RedisError, OSError) as error:
                failures.append(f"{node[0]}:{node[1]}: {error}")
                continue
            if reply:
                slots = SlotMap.read(reply, node)
                self._known = slots.nodes
                return slots
            failures.append(f"{node[0]}:{node[1]} knows of no slots")
        raise RedisConnectionError(f"no node of the cluster can be asked: {'; '.join(failures)}")
