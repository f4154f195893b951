"""Looks at a group's dead letters, plays them back, and throws them away."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from .connection import Endpoint, Link, RedisSettings
from .engine.deadletter import PROVENANCE
from .errors import SluicewayError
from .keys import GroupKeys
from .scripts import load

__all__ = ["DeadLetter", "DeadLetters"]

_PAGE = 100


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter.

    Args:
        id: Its entry ID in the stream of dead letters.
        provenance: Original `stream`, `entryId`, `group`, `consumer`, `reason`, `starts`, `publishedTime`,
            `firstTime`, `lastTime` (milliseconds), `errorType`, `error`, `eventId`, `correlationId`, `traceparent`.
        fields: The original fields, byte for byte, in their order.
    """

    id: str
    provenance: dict[str, Any]
    fields: tuple[tuple[bytes, bytes], ...]


class DeadLetters:
    """The dead letters of one group on one stream.

    Args:
        redis: URL or settings.
        stream: The stream that was consumed.
        group: The group that gave up.

    Example:
        >>> async with DeadLetters("redis://127.0.0.1:6379/0", "orders", "payments") as letters:
        ...     async for letter in letters.list():
        ...         print(letter.id, letter.provenance["reason"])
        ...         await letters.replay(letter.id)
    """

    def __init__(self, redis: str | RedisSettings, stream: str, group: str) -> None:
        self._keys = GroupKeys(stream, group)
        self._link = Link(Endpoint(redis))
        self._replay = load("replay")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connection."""
        await self._link.close()

    async def count(self) -> int:
        """Return how many there are."""
        number: int = await self._link.call("XLEN", self._keys.dead)
        return number

    async def list(self) -> AsyncIterator[DeadLetter]:
        """Yield all of them, oldest first, a page at a time."""
        start = b"-"
        while True:
            page = await self._range(start, b"+", _PAGE)
            for letter in page:
                yield letter
            if len(page) < _PAGE:
                return
            start = f"({page[-1].id}".encode()

    async def show(self, letter_id: str) -> DeadLetter | None:
        """Return one of them, or None if there is none of that ID."""
        found = await self._range(letter_id.encode(), letter_id.encode(), 1)
        return found[0] if found else None

    async def replay(self, letter_id: str) -> str | None:
        """Give one back to this group, and no other, as a new start under its old identity.

        Returns:
            Its entry ID in the group's replay stream, or None if there is no such dead letter.
        """
        letter = await self.show(letter_id)
        if letter is None:
            return None
        entry_id: bytes | None = await self._link.run(
            self._replay,
            (self._keys.dead, self._keys.replay),
            (letter_id, letter.provenance["entryId"], uuid.uuid4().hex),
        )
        return entry_id.decode() if entry_id else None

    async def replay_all(self) -> int:
        """Give all that are there now back to this group, and return how many."""
        replayed = 0
        for letter in [letter async for letter in self.list()]:
            replayed += await self.replay(letter.id) is not None
        return replayed

    async def purge(self, *letter_ids: str) -> int:
        """Delete some of them, or all where none is named, and return how many."""
        if letter_ids:
            number: int = await self._link.call("XDEL", self._keys.dead, *letter_ids)
            return number
        gone: int = await self._link.call("XTRIM", self._keys.dead, "MAXLEN", 0)
        return gone

    async def _range(self, start: bytes, end: bytes, count: int) -> tuple[DeadLetter, ...]:
        reply = await self._link.call("XRANGE", self._keys.dead, start, end, "COUNT", count)
        letters = []
        for entry_id, (first, provenance, *original) in reply:
            if first != PROVENANCE:
                raise SluicewayError(
                    f"{self._keys.dead} {entry_id.decode()}: not a dead letter, its first field is {first!r}"
                )
            fields = tuple(zip(original[::2], original[1::2], strict=True))
            letters.append(DeadLetter(entry_id.decode(), json.loads(provenance), fields))
        return tuple(letters)
