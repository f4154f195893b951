"""A network namespace for the nodes of one cluster: this machine reaches them, they reach nothing but each other.

The namespace has no default route, so whatever a pod sends to an address outside of the cluster is refused there and
then. Everything that the container engine changes about a network (forwarding, address translation, bridges) it changes
inside, so removing the namespace undoes all of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .commands import attempt, run
from .errors import ClusterError

__all__ = ["NodeNetwork", "free_range"]

_POOL = IPv4Network("10.231.0.0/16")
"""Ranges of clusters are cut out of this one; each gets 256 addresses."""


@dataclass(frozen=True, slots=True)
class NodeNetwork:
    """The namespace of one cluster.

    Args:
        label: A name that no other cluster has, of this cache or of another.
        addresses: Its range: the first four belong to the way in, the upper half to the nodes.
    """

    label: str
    addresses: IPv4Network

    @property
    def namespace(self) -> str:
        """Its name, as `ip netns` shows it."""
        return f"sluiceway-{self.label}"

    @property
    def inside(self) -> tuple[str, ...]:
        """What to put before a command so that it runs in the namespace (`ip netns exec` would hide the cgroups)."""
        return ("nsenter", f"--net=/run/netns/{self.namespace}", "--")

    @property
    def nodes(self) -> IPv4Network:
        """The addresses of the nodes."""
        return list(self.addresses.subnets(new_prefix=25))[1]

    @property
    def _outer(self) -> IPv4Address:
        return self.addresses[1]

    @property
    def _inner(self) -> IPv4Address:
        return self.addresses[2]

    @property
    def _link(self) -> str:
        """Name of the link on this machine: at most 15 characters, the range tells clusters apart."""
        return f"slw{self.addresses.network_address.packed[2]}"

    def make(self) -> None:
        """Make the namespace and the way into it."""
        peer = f"{self._link}p"
        inside = ("ip", "-n", self.namespace)
        commands: tuple[Sequence[str], ...] = (
            ("ip", "netns", "add", self.namespace),
            ("ip", "link", "add", self._link, "type", "veth", "peer", "name", peer, "netns", self.namespace),
            ("ip", "addr", "add", f"{self._outer}/30", "dev", self._link),
            ("ip", "link", "set", self._link, "up"),
            (*inside, "link", "set", "lo", "up"),
            (*inside, "addr", "add", f"{self._inner}/30", "dev", peer),
            (*inside, "link", "set", peer, "up"),
            ("ip", "route", "add", str(self.nodes), "via", str(self._inner)),
        )
        for command in commands:
            run(command)

    def remove(self) -> None:
        """Remove the namespace with all that is in it, the way into it too; nothing happens if it is gone already."""
        attempt(["ip", "netns", "del", self.namespace])

    def exists(self) -> bool:
        """Return whether the namespace is there (a restart of the machine removes it)."""
        return Path("/run/netns", self.namespace).exists()

    def processes(self) -> list[int]:
        """Return the processes that live in the namespace."""
        if not self.exists():
            return []
        return [int(word) for word in run(["ip", "netns", "pids", self.namespace]).split()]


def free_range() -> IPv4Network:
    """Return a range that no route of this machine touches.

    Raises:
        ClusterError: There is none.
    """
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]))
    known = {route["dst"] for route in routes} - {"default"}
    taken = [IPv4Network(known_range, strict=False) for known_range in known]
    for candidate in _POOL.subnets(new_prefix=24):
        if not any(candidate.overlaps(used) for used in taken):
            return candidate
    raise ClusterError(f"every range of {_POOL} is in use: remove clusters (make cluster-down) or routes")
