"""A TCP proxy in front of a server that breaks the connection on command.

It runs on the test's event loop: a test that blocks the loop also stops the proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import pytest_asyncio

from sluiceway.embedded import EmbeddedServer

_CHUNK_BYTES = 64 * 1024
_THROTTLE_SLICE_SECONDS = 0.02


class FaultProxy:
    """Passes everything on until told otherwise; `heal` ends every fault.

    Args:
        url: Of the server behind it.

    Attributes:
        accepted: Connections accepted so far.
        reply_bytes: Bytes passed on from the server to clients so far.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._listener: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._requests_flow = asyncio.Event()
        self._replies_flow = asyncio.Event()
        self._cut_at_reply_byte: int | None = None
        self._delay_seconds = 0.0
        self._bytes_per_second: float | None = None
        self.port = 0
        self.accepted = 0
        self.reply_bytes = 0
        self.heal()

    @property
    def url(self) -> str:
        """The server's URL with the proxy's port."""
        credentials, at, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{credentials}{at}127.0.0.1:{self.port}"))

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    def heal(self) -> None:
        """End every fault but `refuse`; what was held back goes on its way, as after a network partition."""
        self._cut_at_reply_byte = None
        self._delay_seconds = 0.0
        self._bytes_per_second = None
        self._requests_flow.set()
        self._replies_flow.set()

    def cut(self) -> None:
        """Close every connection at once, whatever is still under way. New ones are served."""
        for writer in list(self._writers):
            writer.transport.abort()

    def cut_after(self, reply_bytes: int) -> None:
        """Close a connection in the middle of a reply: the one on which the replies exceed so many bytes, counted from now.

        Once: afterwards everything passes. Other connections are left alone, but their replies count as well.

        Args:
            reply_bytes: How many bytes of replies still arrive; 0: the next reply is lost from its first byte on.
        """
        self._cut_at_reply_byte = self.reply_bytes + reply_bytes

    def blackhole(self) -> None:
        """Accept and keep connections, and pass nothing in either direction, until `heal`."""
        self._requests_flow.clear()
        self._replies_flow.clear()

    def hold_replies(self) -> None:
        """Pass requests to the server, which carries them out, but no reply back, until `heal`."""
        self._replies_flow.clear()

    def delay(self, seconds: float) -> None:
        """Pass every chunk, in both directions, so much later."""
        self._delay_seconds = seconds

    def throttle(self, bytes_per_second: float) -> None:
        """Pass no more than this per connection and direction."""
        self._bytes_per_second = bytes_per_second

    def lead_to(self, url: str) -> None:
        """Lead new connections to another server, as a name does that is made to stand for another address."""
        self._target = urlsplit(url)

    def refuse(self) -> None:
        """Refuse new connections, until `accept`. Those that are open stay: `cut` them as well for a server that is gone."""
        if self._listener is not None:
            # Not wait_closed: from Python 3.12 on it waits for the open connections, too.
            self._listener.close()
            self._listener = None

    async def accept(self) -> None:
        """Accept connections, on the same port as before."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.refuse()
        self.cut()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self.accepted += 1
        self._connections.add(connection)
        async with AsyncExitStack() as ending:
            ending.callback(self._connections.discard, connection)
            await ending.enter_async_context(self._tracked(writer))
            # The server may be gone, or the proxy ends: either way the client sees its connection closed.
            ending.enter_context(suppress(OSError, asyncio.CancelledError))
            await self._requests_flow.wait()
            behind, to_server = await asyncio.open_connection(self._target.hostname, self._target.port)
            await ending.enter_async_context(self._tracked(to_server))
            ways = [
                asyncio.create_task(self._pass_requests(reader, to_server)),
                asyncio.create_task(self._pass_replies(behind, writer)),
            ]
            ending.push_async_callback(_cancel, ways)
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)

    @asynccontextmanager
    async def _tracked(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._writers.add(writer)
        try:
            yield
        finally:
            try:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
            finally:
                self._writers.discard(writer)

    async def _pass_requests(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while chunk := await client.read(self._chunk_bytes):
            await self._hold(chunk, self._requests_flow)
            server.write(chunk)
            await server.drain()

    async def _pass_replies(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while chunk := await server.read(self._chunk_bytes):
            await self._hold(chunk, self._replies_flow)
            left = None if self._cut_at_reply_byte is None else self._cut_at_reply_byte - self.reply_bytes
            if left is not None and left < len(chunk):
                self._cut_at_reply_byte = None
                self.reply_bytes += left
                client.write(chunk[:left])
                return
            self.reply_bytes += len(chunk)
            client.write(chunk)
            await client.drain()
        # Nor does a client in a partition learn that the server has gone.
        await self._replies_flow.wait()

    async def _hold(self, chunk: bytes, flow: asyncio.Event) -> None:
        if self._bytes_per_second is not None:
            await asyncio.sleep(len(chunk) / self._bytes_per_second)
        if self._delay_seconds:
            await asyncio.sleep(self._delay_seconds)
        await flow.wait()

    @property
    def _chunk_bytes(self) -> int:
        if self._bytes_per_second is None:
            return _CHUNK_BYTES
        return max(1, int(self._bytes_per_second * _THROTTLE_SLICE_SECONDS))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest_asyncio.fixture
async def proxy(server: EmbeddedServer) -> AsyncIterator[FaultProxy]:
    """A fault proxy in front of `server`."""
    async with FaultProxy(server.url) as proxy:
        yield proxy
