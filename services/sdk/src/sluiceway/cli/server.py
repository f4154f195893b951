"""The server that a command talks to."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr
from redis.exceptions import NoPermissionError, RedisError

from ..connection import Argument, Endpoint, RedisSettings
from ..connection.address import read_url
from ..connection.faults import is_temporary
from ..errors import ConfigurationError, SluicewayError
from ..rights import advice
from .exits import Exit, Failure
from .failures import explained
from .masters import Masters

__all__ = ["Server", "server_settings", "shown_address", "with_server"]

T = TypeVar("T")


class Server:
    """The servers that the options name, for one command after the other.

    Args:
        settings: Where it is and how to log in.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self.settings = settings
        self._masters = Masters(Endpoint(settings))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._masters.close()

    async def call(self, *arguments: Argument) -> Any:
        """Send a command about one key: what follows the command's name, or the subcommand of XINFO.

        Names that are no UTF-8 go back as they came (see `name_of`).
        """
        key = arguments[2 if arguments[0] == "XINFO" else 1]
        async with self._reconnecting():
            link = await self._masters.of(str(key))
            try:
                return await link.call(
                    *(each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each for each in arguments)
                )
            except NoPermissionError as error:
                raise NoPermissionError(f"{error}; {advice(error, (str(key),), ())}") from error

    async def call_all(self, *arguments: Argument) -> list[Any]:
        """Send a command to every master and return their replies."""
        async with self._reconnecting():
            return [await link.call(*arguments) for link in await self._masters.all()]

    async def scan(self, kind: str) -> set[bytes]:
        """Return the names of all keys of a type on every master: SCAN, a thousand keys a step, never KEYS."""
        names: set[bytes] = set()
        async with self._reconnecting():
            for link in await self._masters.all():
                cursor: bytes | None = b"0"
                while cursor is not None:
                    following, page = await link.call("SCAN", cursor, "COUNT", 1000, "TYPE", kind)
                    names.update(page)
                    cursor = following if following != b"0" else None
        return names

    async def now(self) -> int:
        """Return the server's time in milliseconds since 1970, which entry IDs are made from: of several, the latest."""
        return max(int(seconds) * 1000 + int(part) // 1000 for seconds, part in await self.call_all("TIME"))

    @asynccontextmanager
    async def _reconnecting(self) -> AsyncIterator[None]:
        """After a lost connection ask anew who is a master; `--watch` goes on after a failover."""
        try:
            yield
        except (RedisError, OSError, TimeoutError) as error:
            if is_temporary(error):
                await self._masters.close()
            raise


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
    sentinel_file: Path | None = options.sentinel_password_file
    if options.sentinel_user and not sentinel_file:
        raise Failure("--sentinel-user needs --sentinel-password-file", Exit.USAGE)
    settings = RedisSettings(
        url=options.redis,
        username=options.user,
        password_file=file,
        sentinel_username=options.sentinel_user,
        sentinel_password_file=sentinel_file,
        tls_ca_file=options.tls_ca_file,
        tls_certificate_file=options.tls_certificate_file,
        tls_key_file=options.tls_key_file,
    )
    for option, each in (("--password-file", file), ("--sentinel-password-file", sentinel_file)):
        if each is not None:
            _read_password(option, each)
    try:
        Endpoint(settings)
    except ConfigurationError as error:
        raise Failure(_as_options(str(error)), Exit.USAGE) from None
    return settings


def shown_address(url: str) -> str:
    """Return a URL without user, password and options."""
    try:
        return read_url(url).shown
    except ConfigurationError:
        return "the server"


def _as_options(text: str) -> str:
    """Call settings what the command line calls them."""
    text = text.replace("redis URL: ", "--redis: ")
    return re.sub(r"\btls_\w+", lambda name: f"--{name[0].replace('_', '-')}", text)


def _read_password(option: str, file: Path) -> SecretStr:
    try:
        return SecretStr(file.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Failure(f"{option} {file}: {reason}", Exit.USAGE) from None
