"""Books in the event store, for services that share no disk: pods on many nodes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.resources import files
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .books import BooksUnavailable

__all__ = ["StoreBooks"]

_KEEP_LINES = 1_000_000
_REMEMBER_SECONDS = 7 * 86_400.0
_PAGE = 1000

_Page = list[tuple[bytes, dict[bytes, bytes]]]


class StoreBooks:
    """Keeps one line a key on the server, and all lines in a stream that nobody consumes.

    A line is written apart from any consumer's commit, as an outside world would: a service that is killed between the
    two leaves its line behind, and the retry finds it.

    Args:
        redis: Client of the event store.
        name: Names the keys: `<name>:<key>`, and the stream `<name>`; both in one slot of a cluster.
        remember_seconds: How long a key is known.
        deduplicate: False writes a line at each call, also for a known key, to show what duplicates look like.
    """

    def __init__(
        self, redis: Redis, name: str, *, remember_seconds: float = _REMEMBER_SECONDS, deduplicate: bool = True
    ) -> None:
        self._redis = redis
        self._stream = f"{{{name}}}"
        self._remember_ms = int(remember_seconds * 1000)
        self._deduplicate = deduplicate
        self._script = redis.register_script(files(__package__).joinpath("remember.lua").read_bytes())

    async def remember(self, key: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return the line of a key; write the one that `make` gives if there is none.

        Raises:
            BooksUnavailable: The server did not answer, or refused.
        """
        line = json.dumps({"key": key, **make()}, separators=(",", ":"))
        try:
            if not self._deduplicate:
                await self._redis.xadd(self._stream, {"line": line}, maxlen=_KEEP_LINES)
                stands: bytes | str = line
            else:
                keys = [f"{self._stream}:{key}", self._stream]
                stands = await self._script(keys=keys, args=[line, self._remember_ms, _KEEP_LINES])
        except (RedisError, OSError) as error:
            raise BooksUnavailable(f"{self._stream}: {error}") from error
        found: dict[str, Any] = json.loads(stands)
        return found

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every line that was written, oldest first."""
        after = "-"
        # its stub allows entries without fields, which XRANGE never answers
        while page := cast("_Page", await self._redis.xrange(self._stream, min=after, count=_PAGE)):
            for entry_id, fields in page:
                yield json.loads(fields[b"line"])
                after = f"({entry_id.decode()}"
