"""A plain client of the event store, for what a service keeps there besides streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from typing_extensions import override

from sluiceway import RedisSettings
from sluiceway.connection.tls import tls_options

__all__ = ["open_client"]


class _FilePassword(CredentialProvider):
    """Reads the password at every connect, so that a rotated one is picked up."""

    def __init__(self, username: str | None, path: Path) -> None:
        self._username = username
        self._path = path

    @override
    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._path.read_text().strip()
        return (self._username, password) if self._username else (password,)


def open_client(settings: RedisSettings, *, connections: int = 32) -> Redis:
    """Return a client that answers bytes, waits for a free connection when all are in use, and repeats nothing itself.

    Args:
        settings: The server.
        connections: Most connections at once.

    Raises:
        ValueError: The URL is none that redis-py understands.
    """
    if settings.password_file is not None:
        login: dict[str, Any] = {"credential_provider": _FilePassword(settings.username, settings.password_file)}
    else:
        given = {
            "username": settings.username,
            "password": settings.password and settings.password.get_secret_value(),
        }
        # what is not given may still be in the URL
        login = {name: value for name, value in given.items() if value is not None}
    pool = BlockingConnectionPool.from_url(
        settings.url,
        max_connections=connections,
        timeout=settings.timeout_seconds,
        socket_timeout=settings.timeout_seconds,
        socket_connect_timeout=settings.connect_timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        **tls_options(settings, encrypted=settings.url.startswith("rediss")),
        **login,
    )
    return Redis.from_pool(pool)
