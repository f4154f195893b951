"""The server that a command talks to."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr
from redis.exceptions import RedisError

from ..connection import Argument, Endpoint, Link, RedisSettings
from ..connection.address import read_url
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
        Endpoint(settings)
    except ConfigurationError as error:
        raise Failure(f"--redis: {str(error).removeprefix('redis URL: ')}", Exit.USAGE) from None
    return settings


def shown_address(url: str) -> str:
    """Return a URL without user, password and options."""
    try:
        return read_url(url).shown
    except ConfigurationError:
        return "the server"


def _read_password(file: Path) -> SecretStr:
    try:
        return SecretStr(file.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Failure(f"--password-file {file}: {reason}", Exit.USAGE) from None
