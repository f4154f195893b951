"""A real Redis or Valkey server as a child of this process, for development, demos and tests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sluiceway.embedded.binary import ServerBinary, find_binary
from sluiceway.embedded.errors import EmbeddedServerError
from sluiceway.embedded.server import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sluiceway.embedded.settings import Fsync

__all__ = ["EmbeddedServer", "EmbeddedServerError", "ServerBinary", "embedded", "find_binary"]


@asynccontextmanager
async def embedded(
    data_dir: Path | str | None = None,
    port: int = 0,
    *,
    append_only: bool = True,
    fsync: Fsync = "everysec",
    max_memory: int | None = None,
    password: str | None = None,
    extra: Sequence[str] = (),
) -> AsyncIterator[EmbeddedServer]:
    """Run a server for the length of an `async with` block; the event loop is never blocked.

    Args:
        data_dir: Folder for its data, kept afterwards; None: a temporary one, removed at the end.
        port: TCP port on the loopback interface; 0: a free one.
        append_only: Whether the data survives a killed server.
        fsync: "everysec" or "always".
        max_memory: Bytes after which writes are refused; None: no limit.
        password: For the default user.
        extra: Further lines as in `redis.conf`.

    Yields:
        The running server: `url`, `port`, `pid`, `version`.

    Raises:
        EmbeddedServerError: No server program was found, or it could not be started.

    Example:
        >>> async with embedded() as server:
        ...     client = redis.asyncio.Redis.from_url(server.url)
    """
    server = EmbeddedServer(
        data_dir,
        port,
        append_only=append_only,
        fsync=fsync,
        max_memory=max_memory,
        password=password,
        extra=extra,
    )
    try:
        # The kernel ties the server to the thread that starts it; the loop's own worker threads live until the loop is closed.
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.close)
