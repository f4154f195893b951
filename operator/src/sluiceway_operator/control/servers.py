"""Where the server of a resource is: asked again now and then, since an address may hold what lies in a Secret."""

from typing import Protocol

from typing_extensions import override

from ..registry import Resource
from .server import Server, ServerAddress

__all__ = ["ServerUnknown", "Servers", "UrlServers"]


class ServerUnknown(Exception):
    """Nobody knows where a resource's server is, or who we are to it.

    Args:
        reason: One word in CamelCase, for a condition.
        message: What is wrong and what to do, for a person.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Servers(Protocol):
    """Finds servers and connects to them.

    Resources whose addresses are equal share a server. An address that changes, be it by a Secret that holds another
    password now, moves the resource to another server.
    """

    async def address(self, resource: Resource) -> ServerAddress:
        """Return where the resource's server is.

        Raises:
            ServerUnknown: That cannot be told.
        """
        ...

    def open(self, address: ServerAddress) -> Server:
        """Return a client of a server; it connects when it is first asked something.

        Raises:
            ServerUnknown: There can be no such server.
        """
        ...


class UrlServers(Servers):
    """Servers that need nothing but their URL."""

    @override
    async def address(self, resource: Resource) -> ServerAddress:
        url = resource.spec.redis.url
        if url is None:
            raise ServerUnknown(
                "SecretsNotRead", "spec.redis.urlFrom: no Secrets can be read here; give spec.redis.url"
            )
        return ServerAddress(url)

    @override
    def open(self, address: ServerAddress) -> Server:
        try:
            return Server(address)
        except ValueError as error:
            raise ServerUnknown("BadUrl", f"spec.redis.url: {error}") from error
