"""The event store of a run: an embedded server of its own, or a corner of a server that the user names."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from shop_demo.client import Client
from shop_demo.exits import DemoError, Exit
from sluiceway.embedded import EmbeddedServerError, embedded

_CONNECT_SECONDS = 5.0
_OLDEST = (7, 0)


@dataclass(frozen=True, slots=True)
class Store:
    """Where the shop's streams are.

    Args:
        url: address of the server.
        prefix: put before every key; empty on an own server.
        label: what the view calls it; never contains a password.
        client: a connection pool of the demo's own, with replies as bytes.
    """

    url: str
    prefix: str
    label: str
    client: Client


@asynccontextmanager
async def open_store(redis_url: str | None, redis_port: int | None, folder: Path) -> AsyncIterator[Store]:
    """Provide the event store for the length of a run.

    Args:
        redis_url: a server to use under a key prefix of its own, whose keys are removed at the end; ``None``: an
            embedded one.
        redis_port: where an embedded server listens; ``None``: on a free port.
        folder: where an embedded server keeps its data.

    Yields:
        the store.

    Raises:
        DemoError: there is no server, or it cannot be used, or keys could not be removed.
    """
    if redis_url is None:
        try:
            async with embedded(folder / "server", redis_port or 0) as server:
                label = f"{server.binary.product.capitalize()} {server.version}, embedded, port {server.port}"
                async with _client(server.url) as client:
                    yield Store(server.url, "", label, client)
        except EmbeddedServerError as error:
            raise DemoError(str(error)) from error
        return
    async with _client(redis_url) as client:
        prefix = f"sluiceway-demo-{secrets.token_hex(6)}:"
        server_label = await _check(client, redis_url)
        try:
            yield Store(redis_url, prefix, f"{server_label}, keys under {prefix}", client)
        except DemoError as error:
            await _remove_keys(client, prefix, after=error)
            raise
        except BaseException:
            await _remove_keys(client, prefix)
            raise
        await _remove_keys(client, prefix)


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Client]:
    try:
        client = cast(
            "Client",
            Client.from_url(url, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=10.0, protocol=2),
        )
    except ValueError as error:
        raise DemoError(f"--redis-url: {error}") from error
    try:
        yield client
    finally:
        await client.aclose()


async def _check(client: Client, url: str) -> str:
    place = _without_password(url)
    try:
        info = await client.info("server")
    except (RedisError, OSError) as error:
        raise DemoError(
            f"--redis-url {place}: the server cannot be used ({error}). "
            "Is it running, and are user and password right? Without --redis-url the demo starts a server of its own."
        ) from error
    name = "Valkey" if "valkey_version" in info else Client
    version = str(info.get("valkey_version") or info["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise DemoError(f"--redis-url {place}: {name} {version} is too old, the demo needs Redis 7.0 or Valkey 8.0")
    return f"{name} {version} at {place}"


async def _remove_keys(client: Client, prefix: str, after: DemoError | None = None) -> None:
    # Names derived from a stream wrap it into a hash tag, hence both patterns. The prefix has no special characters.
    try:
        async with asyncio.timeout(60):
            for pattern in (f"{prefix}*", f"{{{prefix}*"):
                keys = [key async for key in client.scan_iter(match=pattern, count=1000)]
                for start in range(0, len(keys), 500):
                    await client.unlink(*keys[start : start + 500])
    except (RedisError, OSError) as error:
        text = (
            f"the keys under {prefix} could not be removed ({error}). Remove them by hand: those that match "
            f"{prefix}* and {{{prefix}*"
        )
        raise DemoError(f"{after}\n{text}" if after else text, after.exit_code if after else Exit.DIED) from error


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
