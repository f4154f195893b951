"""How the SDK reaches a server: settings, and connections that carry one command at a time.

redis-py opens, authenticates and encrypts the connections; the engine talks over them directly, because packing
thousands of arguments of one commit and parsing stream replies is where its time goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import redis
from hiredis import pack_command
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import NoScriptError
from redis.retry import Retry as SyncRetry
from typing_extensions import override

from .errors import ConfigurationError
from .scripts import Script

__all__ = ["Argument", "Endpoint", "Link", "RedisSettings"]

Argument = bytes | str | int | float
"""What a command may be given."""


class RedisSettings(BaseModel):
    """Where the server is and how to log in.

    Args:
        url: `redis://host:6379/0` or `rediss://…` for TLS; user and password may be in it.
        username: ACL user.
        password: Its password.
        password_file: File with the password, read again at every connect, so that a rotated secret is picked up.
        timeout_seconds: Longest wait for any reply.
        connect_timeout_seconds: Longest wait for a connection.
    """

    # Passwords must not show up in what is printed of settings, nor in what is said about wrong ones.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(default="redis://127.0.0.1:6379/0", repr=False)
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    timeout_seconds: float = Field(default=5.0, ge=0.1)
    connect_timeout_seconds: float = Field(default=2.0, gt=0)

    @classmethod
    def of(cls, redis: str | RedisSettings) -> RedisSettings:
        """Return settings made from a URL, or the settings themselves."""
        return redis if isinstance(redis, RedisSettings) else cls(url=redis)


_URL_FORM = (
    "redis URL: it must have the form redis://[user[:password]@]host[:port][/database] (rediss:// for TLS) with options "
    "that redis-py knows; characters such as / # ? @ in a password have to be percent-encoded"
)


def _without_credentials(url: str) -> tuple[str | None, str]:
    """Return the user's name in a URL, and the URL without name and password."""
    try:
        parts = urlsplit(url)
        credentials, _, host = parts.netloc.rpartition("@")
    except ValueError:
        raise ConfigurationError(_URL_FORM) from None
    return unquote(credentials.partition(":")[0]) or None, urlunsplit(parts._replace(netloc=host))


class _FileCredentials(CredentialProvider):
    def __init__(self, username: str | None, path: Path) -> None:
        self._username = username
        self._path = path

    @override
    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._path.read_text().strip()
        return (self._username, password) if self._username else (password,)


class Endpoint:
    """One server, and the two kinds of connection the SDK makes to it.

    Args:
        settings: A URL or settings.

    Raises:
        ConfigurationError: The URL is none that redis-py understands.
    """

    def __init__(self, settings: str | RedisSettings) -> None:
        self.settings = RedisSettings.of(settings)
        self._options: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": self.settings.timeout_seconds,
            "socket_connect_timeout": self.settings.connect_timeout_seconds,
            "socket_keepalive": True,
            "health_check_interval": 0,
        }
        self._url = self.settings.url
        if self.settings.password_file is not None:
            username, self._url = _without_credentials(self._url)
            self._options["credential_provider"] = _FileCredentials(
                self.settings.username or username, self.settings.password_file
            )
        else:
            if self.settings.username is not None:
                self._options["username"] = self.settings.username
            if self.settings.password is not None:
                self._options["password"] = self.settings.password.get_secret_value()
        try:
            self._pool = ConnectionPool.from_url(self._url, retry=AsyncRetry(NoBackoff(), 0), **self._options)
            self.connection()
        except (ValueError, TypeError):
            # What the parser says may quote a part of the password.
            raise ConfigurationError(_URL_FORM) from None

    @property
    def block_milliseconds(self) -> int:
        """Longest blocking read: well below the socket's time-out, and the longest a stop has to wait for it."""
        return int(min(1.0, self.settings.timeout_seconds / 2) * 1000)

    def connection(self) -> AbstractConnection:
        """Return a new connection, not yet open."""
        made: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return made

    def thread_client(self) -> redis.Redis:
        """Return a blocking client for a thread of its own."""
        return redis.Redis.from_url(self._url, retry=SyncRetry(NoBackoff(), 0), **self._options)


class Link:
    """One connection that carries one command at a time and opens again after a fault.

    A link belongs to one task. After any fault or cancellation the connection is dropped, so a late reply can never
    be taken for another command's.

    Args:
        endpoint: The server.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._connection = endpoint.connection()

    async def call(self, *arguments: Argument) -> Any:
        """Send a command and return its reply as bytes, integers and lists.

        Raises:
            redis.exceptions.RedisError: The server's error, a lost connection or a time-out.
        """
        connection = self._connection
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        try:
            if connection.is_connected and await connection.can_read():
                # Nothing was asked, so this is the end: the peer closed the connection while it was idle.
                await connection.disconnect(nowait=True)
            if not connection.is_connected:
                await connection.connect()  # type: ignore[no-untyped-call]
            packed = pack_command(arguments)  # type: ignore[arg-type]  # its stub names no tuple of any length
            await connection.send_packed_command(packed, check_health=False)
            reply = await connection.read_response(disable_decoding=True)
        except asyncio.CancelledError:
            await connection.disconnect(nowait=True)
            raise
        except Exception as error:
            if task is not None and task.cancelling() > before:
                raise asyncio.CancelledError from error
            raise
        # redis-py waits with asyncio.wait_for, which before Python 3.12 drops a cancellation that comes in the same
        # turn as the result or the error (python/cpython#86296); a loop around us would then never end.
        if task is not None and task.cancelling() > before:
            await connection.disconnect(nowait=True)
            raise asyncio.CancelledError
        return reply

    async def run(self, script: Script, keys: Sequence[bytes | str], arguments: Iterable[Argument]) -> Any:
        """Run a server-side script and return its reply; loads it where the server does not have it."""
        rest = (len(keys), *keys, *arguments)
        try:
            return await self.call(b"EVALSHA", script.digest, *rest)
        except NoScriptError:
            return await self.call(b"EVAL", script.source, *rest)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.disconnect(nowait=True)
