"""The servers of one set of settings, whichever way they work together."""

from __future__ import annotations

from typing import Any

import redis
from redis.asyncio.connection import AbstractConnection
from redis.backoff import NoBackoff
from redis.retry import Retry

from .address import read_url
from .connector import Connector
from .credentials import login_options
from .settings import RedisSettings

__all__ = ["Endpoint"]


class Endpoint:
    """One server, and the two kinds of connection the SDK makes to it.

    Args:
        settings: A URL or settings.

    Raises:
        ConfigurationError: The URL cannot be one.
    """

    def __init__(self, settings: str | RedisSettings) -> None:
        self.settings = RedisSettings.of(settings)
        address = read_url(self.settings.url)
        self._login = login_options(
            self.settings.username or address.username,
            self.settings.password or address.password,
            self.settings.password_file,
        )
        self._url = address.url
        self._connector = Connector(address.url, self.settings, self._login)

    @property
    def block_milliseconds(self) -> int:
        """Longest blocking read: well below the socket's time-out, and the longest a stop has to wait for it."""
        return int(min(1.0, self.settings.timeout_seconds / 2) * 1000)

    async def open(self) -> AbstractConnection:
        """Return an open connection.

        Raises:
            redis.exceptions.RedisError: The server cannot be reached, or refuses the login.
        """
        return await self._connector.open()

    def thread_client(self) -> redis.Redis:
        """Return a blocking client for a thread of its own."""
        options: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": self.settings.timeout_seconds,
            "socket_connect_timeout": self.settings.connect_timeout_seconds,
            "socket_keepalive": True,
            "health_check_interval": 0,
        }
        return redis.Redis.from_url(self._url, retry=Retry(NoBackoff(), 0), **options, **self._login)
