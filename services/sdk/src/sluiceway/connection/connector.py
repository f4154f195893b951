"""Opens connections to servers of one kind; which of them is somebody else's choice."""

from __future__ import annotations

from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..rights import advice
from .address import Node, wrong_url
from .settings import RedisSettings
from .tls import check_files, tls_options

__all__ = ["Connector", "command_reply", "drop"]


class Connector:
    """Knows everything about a connection but its host.

    Args:
        url: What redis-py is told: scheme, host, database, options.
        settings: Time-outs and TLS.
        login: User and password, as redis-py calls them.

    Raises:
        ConfigurationError: An option is none that redis-py understands, or TLS is not asked for right.
    """

    def __init__(self, url: str, settings: RedisSettings, login: dict[str, Any]) -> None:
        options: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": settings.timeout_seconds,
            "socket_connect_timeout": settings.connect_timeout_seconds,
            "socket_keepalive": True,
            "health_check_interval": 0,
            # CLIENT SETINFO, which it would send at every connect, takes a right of its own.
            "driver_info": None,
        }
        self._settings = settings
        self._encrypted = url.startswith("rediss://")
        options |= tls_options(settings, encrypted=self._encrypted)
        try:
            self._pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **options, **login)
            self.connection()
        except (ValueError, TypeError):
            # What redis-py says may quote a part of the password.
            raise wrong_url("an option behind its ? is unknown to redis-py or has a wrong value") from None

    def connection(self, node: Node | None = None) -> AbstractConnection:
        """Return a new connection, not yet open, to a server; None: to the one in the URL."""
        options = self._pool.connection_kwargs
        if node is not None:
            options = {**options, "host": node[0], "port": node[1]}
        made: AbstractConnection = self._pool.connection_class(**options)
        return made

    async def open(self, node: Node | None = None) -> AbstractConnection:
        """Return an open connection to a server; None: to the one in the URL.

        Raises:
            redis.exceptions.RedisError: It cannot be reached, or refuses the login.
        """
        check_files(self._settings)
        connection = self.connection(node)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except RedisTimeoutError as error:
            if not self._encrypted:
                raise
            # A server without TLS waits for the end of what it takes for a command.
            raise RedisTimeoutError(f"{error}; does the server speak TLS at this port?") from error
        except BaseException:
            await drop(connection)
            raise
        return connection

    async def ask(self, node: Node, *command: str) -> Any:
        """Send one command over a connection of its own and return the reply, undecoded.

        Raises:
            redis.exceptions.RedisError: The server cannot be reached, or refuses.
        """
        connection = await self.open(node)
        try:
            return await command_reply(connection, *command)
        except NoPermissionError as error:
            raise NoPermissionError(f"{error}; {advice(error, (), ())}") from error
        finally:
            await drop(connection)


async def drop(connection: AbstractConnection) -> None:
    """Close a connection at once: TLS would wait for the peer's goodbye, which one that is lost never says."""
    writer = getattr(connection, "_writer", None)
    await connection.disconnect(nowait=True)
    if writer is not None:
        writer.transport.abort()


async def command_reply(connection: AbstractConnection, *command: str) -> Any:
    """Return the undecoded reply to a command on an open connection."""
    await connection.send_command(*command, check_health=False)
    return await connection.read_response(disable_decoding=True)
