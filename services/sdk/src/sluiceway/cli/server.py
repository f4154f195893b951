"""The server that a command talks to."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr
from redis.exceptions import RedisError

from ..connection import Argument, Endpoint, Link, RedisSettings
from ..errors import ConfigurationError, SluicewayError
from .exits import Exit, Failure
from .failures import explained

__all__ = ["Server", "server_settings", "shown_address", "with_server"]

T = TypeVar("T")


class Server:
    """One connection, for one command after the other.

    Args:
        settings: Where it is and how to log in.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self.settings = settings
        self._link = Link(Endpoint(settings))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._link.close()

    async def call(self, *arguments: Argument) -> Any:
        """Send a command; names that are no UTF-8 go back as they came (see `name_of`)."""
        return await self._link.call(
            *(each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each for each in arguments)
        )

    async def now(self) -> int:
        """Return the server's time in milliseconds since 1970, which entry IDs are made from."""
        seconds, microseconds = await self.call("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000


def with_server(options: argparse.Namespace, work: Callable[[Server], Awaitable[T]]) -> T:
    """Run a command's work on the server that its options name.

    Raises:
        Failure: The server cannot be reached or refuses; the text says what to do and holds no password.
    """
    settings = server_settings(options)

    async def run() -> T:
        async with Server(settings) as server:
            return await work(server)

    try:
        return asyncio.run(run())
    except (SluicewayError, RedisError, OSError, TimeoutError) as error:
        # A pipe that nobody reads any more is not the server's fault.
        if isinstance(error, BrokenPipeError):
            raise
        raise explained(error, shown_address(settings.url)) from error


def server_settings(options: argparse.Namespace) -> RedisSettings:
    """Return the settings that the options describe.

    Raises:
        Failure: They cannot work. The URL is not repeated, since it may hold a password.
    """
    file: Path | None = options.password_file
    if options.user and not file:
        raise Failure("--user needs --password-file; or put both into the URL", Exit.USAGE)
    settings = RedisSettings(url=options.redis, username=options.user, password_file=file)
    if file is not None:
        _read_password(file)
    try:
        parts = urlsplit(settings.url)
        _ = parts.port
    except ValueError:
        raise Failure(
            "--redis: the port is not a number from 0 to 65535; in a password, / : @ # and ? are written as %2F %3A %40 %23 and %3F",
            Exit.USAGE,
        ) from None
    if parts.scheme in ("redis", "rediss") and not re.fullmatch(r"(/\d*)?", parts.path):
        raise Failure("--redis: behind HOST:PORT/ belongs the number of a database", Exit.USAGE)
    try:
        Endpoint(settings).connection()
    except ConfigurationError as error:
        raise Failure(f"--redis: {str(error).removeprefix('redis URL: ')}", Exit.USAGE) from None
    except (TypeError, ValueError):
        raise Failure(
            "--redis: an option behind the ? of the URL is unknown or has a wrong value", Exit.USAGE
        ) from None
    return settings


def shown_address(url: str) -> str:
    """Return a URL without user, password and options."""
    try:
        parts = urlsplit(url)
        where = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the server"
    host = f"[{where}]" if ":" in where else where
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _read_password(file: Path) -> SecretStr:
    try:
        return SecretStr(file.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Failure(f"--password-file {file}: {reason}", Exit.USAGE) from None
