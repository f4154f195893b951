"""Many strings in one.

A script can append an entry of some 8,000 strings at most: Lua's stack holds no more. What has more fields than that
becomes a dead letter with all of them in one.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["MOST_STRINGS", "pack", "unpack"]

MOST_STRINGS = 7000
"""Names and values that a dead letter holds unpacked."""


def pack(strings: Sequence[bytes]) -> bytes:
    """Return all strings in one, each preceded by its length in bytes and a colon."""
    return b"".join(b"%d:%b" % (len(string), string) for string in strings)


def unpack(packed: bytes) -> list[bytes] | None:
    """Return the strings that were packed, or None if these bytes were not made by `pack`."""
    strings: list[bytes] = []
    at = 0
    while at < len(packed):
        length, colon, _ = packed[at : at + 20].partition(b":")
        if not colon or not length.isdigit():
            return None
        start = at + len(length) + 1
        at = start + int(length)
        strings.append(packed[start:at])
    return strings if at == len(packed) and len(strings) % 2 == 0 else None
