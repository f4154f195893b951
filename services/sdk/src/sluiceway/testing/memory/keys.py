"""The keys of a server in memory: each holds a stream, a hash or a set, perhaps for a limited time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import ResponseError

from .streams import Group, Stream

__all__ = ["Hash", "Keys", "Set", "Value"]

Hash = dict[bytes, bytes]
Set = set[bytes]
Value = Stream | Hash | Set

V = TypeVar("V", Stream, Hash, Set)

_NAMES = {Stream: b"stream", dict: b"hash", set: b"set"}


class Keys:
    """What is kept, and until when.

    Args:
        now: The server's clock, milliseconds since 1970.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self._values: dict[bytes, Value] = {}
        self._expiries: dict[bytes, int] = {}

    def streams(self) -> dict[bytes, Stream]:
        """Return all streams by their names."""
        return {key: value for key, value in self._values.items() if isinstance(value, Stream)}

    def kind(self, key: bytes) -> bytes:
        """Return the name of what is kept, as TYPE tells it."""
        value = self._look(key)
        return b"none" if value is None else _NAMES[type(value)]

    def find(self, key: bytes, kind: type[V]) -> V | None:
        """Return what is kept, or None.

        Raises:
            ResponseError: It is of another kind.
        """
        value = self._look(key)
        if value is None or isinstance(value, kind):
            return value
        raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")

    def get(self, key: bytes, kind: type[V]) -> V:
        """Return what is kept, making it where there is nothing.

        Raises:
            ResponseError: It is of another kind.
        """
        found = self.find(key, kind)
        if found is None:
            found = self._values[key] = kind()
        return found

    def group(self, key: bytes, name: bytes) -> tuple[Stream, Group]:
        """Return a stream and one of its groups.

        Raises:
            ResponseError: NOGROUP.
        """
        stream = self.find(key, Stream)
        group = stream.groups.get(name) if stream is not None else None
        if stream is None or group is None:
            raise ResponseError(f"NOGROUP No such key '{key.decode()}' or consumer group '{name.decode()}'")
        return stream, group

    def delete(self, key: bytes) -> int:
        """Delete a key and return how many that were."""
        self._expiries.pop(key, None)
        return int(self._values.pop(key, None) is not None)

    def tidy(self, key: bytes) -> None:
        """Delete a key that holds an empty hash or set; an empty stream stays."""
        if self._values.get(key) in ({}, set()):
            self.delete(key)

    def put(self, key: bytes, value: Value) -> None:
        """Keep something else under a key."""
        self.delete(key)
        self._values[key] = value

    def expire_at(self, key: bytes, milliseconds: int) -> int:
        """Keep a key until then only."""
        if self._look(key) is None:
            return 0
        self._expiries[key] = milliseconds
        return 1

    def left(self, key: bytes) -> int:
        """Return for how many milliseconds a key is kept: -1 for ever, -2 not at all."""
        if self._look(key) is None:
            return -2
        return self._expiries[key] - self.now() if key in self._expiries else -1

    def clear(self) -> None:
        """Delete everything."""
        self._values.clear()
        self._expiries.clear()

    def _look(self, key: bytes) -> Value | None:
        until = self._expiries.get(key)
        if until is not None and until <= self.now():
            self.delete(key)
        return self._values.get(key)
