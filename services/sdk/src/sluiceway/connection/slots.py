"""Which node of a cluster serves which slot. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from redis.crc import key_slot

from .address import Node

__all__ = ["SlotMap", "slot_of"]


def slot_of(key: str) -> int:
    """Return the slot of a key: that of its hash tag, if it has one."""
    return key_slot(key.encode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class SlotMap:
    """What a node knows of its cluster.

    Args:
        ranges: First slot, last slot, and the master that serves them.
        nodes: All nodes, replicas included.
    """

    ranges: tuple[tuple[int, int, Node], ...]
    nodes: tuple[Node, ...]

    @classmethod
    def read(cls, reply: list[Any], asked: Node) -> Self:
        """Return what a reply to CLUSTER SLOTS says.

        Args:
            reply: The reply, undecoded.
            asked: Who gave it: a node that does not know its own host has the one that it was reached by.
        """
        ranges = tuple((first, last, _node(master, asked)) for first, last, master, *_ in reply)
        return cls(ranges, tuple(dict.fromkeys(_nodes(reply, asked))))

    @property
    def masters(self) -> tuple[Node, ...]:
        """All nodes that serve slots."""
        return tuple(sorted({master for _, _, master in self.ranges}))

    def master_of(self, key: str) -> Node | None:
        """Return the node that serves a key's slot, or None if none does."""
        slot = slot_of(key)
        return next((master for first, last, master in self.ranges if first <= slot <= last), None)


def _nodes(reply: list[Any], asked: Node) -> Iterator[Node]:
    for _, _, *nodes in reply:
        for told in nodes:
            yield _node(told, asked)


def _node(told: list[Any], asked: Node) -> Node:
    host = (told[0] or b"").decode()
    return (host if host not in ("", "?") else asked[0]), told[1]
