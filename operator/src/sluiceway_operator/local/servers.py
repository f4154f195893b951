"""One server for all resources, whatever their manifests name: a laptop does not reach the cluster's."""

from typing_extensions import override

from ..connection import split_login
from ..control import Server, ServerAddress, Servers
from ..registry import Resource

__all__ = ["OneServer"]


class OneServer(Servers):
    """Takes every resource to the same server.

    Args:
        url: Its URL; unlike in a manifest, it may hold user and password.
        servers: Opens it.
    """

    def __init__(self, url: str, servers: Servers) -> None:
        self._address = ServerAddress(*split_login(url))
        self._servers = servers

    @override
    async def address(self, resource: Resource) -> ServerAddress:
        return self._address

    @override
    def open(self, address: ServerAddress) -> Server:
        return self._servers.open(address)
