"""One server as one client: shared by all resources that name it with the same login."""

from collections.abc import Mapping
from typing import Any

from ..connection import (
    Access,
    Cluster,
    Routed,
    SentinelMaster,
    ServerAddress,
    Standalone,
    Tls,
    Topology,
    read_url,
    tls_context,
)
from ..observe import FACTS

__all__ = ["Server", "ServerAddress"]


class Server:
    """A client of one server, of the master of several, or of a cluster.

    Args:
        address: Where it is.

    Raises:
        ValueError: There can be no such address; the text holds nothing of it.
    """

    def __init__(self, address: ServerAddress) -> None:
        self.address = address
        self._topology = _topology(address)
        self.client = Routed(self._topology)
        """Runs scripts where their keys are."""

    def part_of(self, stream: str) -> int:
        """Return a number: streams that have the same may be asked about in one call."""
        return self._topology.part_of(stream)

    async def info(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what each of its processes says of itself, by `host:port`.

        Raises:
            redis.exceptions.RedisError: It does not answer, or refuses.
        """
        return {str(node): await node.ask(*FACTS) for node in await self._topology.nodes()}

    async def close(self) -> None:
        """Close its connections."""
        await self._topology.close()


def _topology(address: ServerAddress) -> Topology:
    where = read_url(address.url)
    if not where.encrypted and address.tls != Tls():
        raise ValueError("certificates are only used with TLS, so the URL has to begin with rediss")
    context = tls_context(address.tls) if where.encrypted else None
    access = Access(context, address.username, address.password, where.database)
    if where.kind == "cluster":
        return Cluster(where.hosts, access)
    if where.kind == "sentinel":
        asking = Access(context, address.sentinel_username, address.sentinel_password)
        return SentinelMaster(where.service, where.hosts, asking=asking, access=access)
    (host,) = where.hosts
    return Standalone(host, access)
