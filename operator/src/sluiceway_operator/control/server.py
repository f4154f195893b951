"""One server as one client: shared by all resources that name it with the same login."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

__all__ = ["Server", "ServerAddress"]

_CONNECTIONS = 3
"""Sweep, actions and the wait for idle streams; more would say nothing sooner."""
_CALL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server is and who we are to it.

    Args:
        url: Its URL, without user and password.
        username: ACL user; None: the default user.
        password: Its password; not shown.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class Server:
    """A client of one server.

    Args:
        address: Where it is.
    """

    def __init__(self, address: ServerAddress) -> None:
        self.address = address
        login: Mapping[str, str | None] = {"username": address.username, "password": address.password}
        pool = BlockingConnectionPool.from_url(
            address.url,
            max_connections=_CONNECTIONS,
            timeout=_CALL_SECONDS,
            socket_timeout=_CALL_SECONDS,
            socket_connect_timeout=_CALL_SECONDS,
            retry=Retry(NoBackoff(), 0),
            **{name: value for name, value in login.items() if value is not None},
        )
        self.client = Redis.from_pool(pool)

    async def close(self) -> None:
        """Close its connections."""
        await self.client.aclose()
