"""Walks a window of a stream in pages that neither the server nor this process notices."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .server import Server

__all__ = ["Row", "entries_between"]

Row = tuple[str, dict[bytes, bytes]]
"""Entry ID and fields."""

_FIRST_PAGE = 100
_MOST_PER_PAGE = 1000
_BYTES_PER_PAGE = 4 << 20


async def entries_between(server: Server, stream: str, start: str, end: str) -> AsyncIterator[Row]:
    """Yield the entries of a stream from one ID to another, both included.

    A page holds at most a thousand entries, fewer where they are large: about four megabytes, judged by the page before.

    Args:
        server: The server.
        stream: The stream; one that does not exist holds nothing.
        start: Entry ID, or milliseconds; `-` for the first.
        end: The same; `+` for the last.
    """
    count = _FIRST_PAGE
    while True:
        page = await server.call("XRANGE", stream, start, end, "COUNT", count)
        size = 1
        for entry_id, flat in page:
            size += sum(map(len, flat))
            yield entry_id.decode(), dict(zip(flat[::2], flat[1::2], strict=True))
        if len(page) < count:
            return
        start = f"({page[-1][0].decode()}"
        count = max(1, min(_MOST_PER_PAGE, _BYTES_PER_PAGE * len(page) // size))
