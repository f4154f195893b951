"""Looks at a group's dead letters, plays them back, and throws them away."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from redis.exceptions import NoPermissionError, ResponseError

from .connection import Argument, Endpoint, Link, RedisSettings
from .engine.deadletter import PROVENANCE, PROVENANCE_PACKED
from .engine.packing import unpack
from .errors import SluicewayError
from .keys import GroupKeys
from .logs import sdk_log
from .rights import advice, is_denied
from .scripts import load

__all__ = ["DeadLetter", "DeadLetters"]

_PAGE = 100
_REPLAY_COMMANDS = ("evalsha", "eval", "xrange", "xadd", "xdel")
_ENTRY_ID = re.compile(r"\d{1,19}-\d{1,20}")


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
        self._link = Link(Endpoint(redis), stream)
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
        number: int = await self._call("XLEN")
        return number

    async def list(self) -> AsyncIterator[DeadLetter]:
        """Yield all of them, oldest first, a page at a time.

        What somebody else put into the stream is none: it is left out and logged; `purge` it by its ID.
        """
        async for letter in self._each(b"+"):
            yield letter

    async def show(self, letter_id: str) -> DeadLetter | None:
        """Return one of them, or None if there is none of that ID.

        Raises:
            SluicewayError: What is there under that ID is no dead letter.
        """
        if not _ENTRY_ID.fullmatch(letter_id):
            return None
        found = await self._call("XRANGE", letter_id, letter_id, "COUNT", 1)
        if not found:
            return None
        letter = _read(*found[0])
        if letter is None:
            raise SluicewayError(f"{self._keys.dead} {letter_id}: no dead letter, somebody else put it there; purge it")
        return letter

    async def replay(self, letter_id: str) -> str | None:
        """Give one back to this group, and no other, as a new start under its old identity.

        Returns:
            Its entry ID in the group's replay stream, or None if there is no such dead letter.
        """
        letter = await self.show(letter_id)
        if letter is None:
            return None
        keys = (self._keys.dead, self._keys.replay)
        arguments = (letter_id, letter.provenance["entryId"], uuid.uuid4().hex)
        try:
            entry_id: bytes | None = await self._link.run(self._replay, keys, arguments)
        except ResponseError as error:
            if not is_denied(error):
                raise
            raise NoPermissionError(f"{error}; {advice(error, keys, _REPLAY_COMMANDS)}") from error
        return entry_id.decode() if entry_id else None

    async def replay_all(self) -> int:
        """Give all that are there now back to this group, and return how many."""
        newest = await self._call("XREVRANGE", "+", "-", "COUNT", 1)
        replayed = 0
        # Those that come back as dead letters meanwhile have later IDs.
        async for letter in self._each(newest[0][0] if newest else b"-"):
            replayed += await self.replay(letter.id) is not None
        return replayed

    async def purge(self, *letter_ids: str) -> int:
        """Delete some of them, or all where none is named, and return how many."""
        if letter_ids:
            known = [letter_id for letter_id in letter_ids if _ENTRY_ID.fullmatch(letter_id)]
            number: int = await self._call("XDEL", *known) if known else 0
            return number
        gone: int = await self._call("XTRIM", "MAXLEN", 0)
        return gone

    async def _call(self, command: str, *arguments: Argument) -> Any:
        try:
            return await self._link.call(command, self._keys.dead, *arguments)
        except NoPermissionError as error:
            raise NoPermissionError(f"{error}; {advice(error, (self._keys.dead,), ())}") from error

    async def _each(self, end: bytes) -> AsyncIterator[DeadLetter]:
        start = b"-"
        while True:
            page = await self._call("XRANGE", start, end, "COUNT", _PAGE)
            for entry_id, fields in page:
                letter = _read(entry_id, fields)
                if letter is None:
                    sdk_log().warning(
                        "Not a dead letter; it is left out", stream=self._keys.dead, entry_id=entry_id.decode()
                    )
                else:
                    yield letter
            if len(page) < _PAGE:
                return
            start = b"(" + page[-1][0]


def _read(entry_id: bytes, entry: Sequence[bytes]) -> DeadLetter | None:
    """Return the dead letter that an entry is, or None if the engine did not write it."""
    first, told, *original = entry
    strings: Sequence[bytes] | None = original
    if first == PROVENANCE_PACKED:
        strings = unpack(original[1]) if original else None
    try:
        provenance = json.loads(told)
    except ValueError:
        return None
    written = first in (PROVENANCE, PROVENANCE_PACKED) and isinstance(provenance, dict) and "entryId" in provenance
    if not written or strings is None:
        return None
    return DeadLetter(entry_id.decode(), provenance, tuple(zip(strings[::2], strings[1::2], strict=True)))
