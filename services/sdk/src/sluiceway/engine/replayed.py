"""An entry that came back from the dead letters: the original one, with what the replay put before its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .packing import unpack

__all__ = ["Replayed", "read_replayed"]

_ENTRY_ID = re.compile(rb"\d{1,19}-\d{1,20}")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay says of the original entry.

    Args:
        entry_id: Its ID in the declared stream.
        nonce: Makes the replay's marker another one than that of the event that was given up.
        original: Its fields, flat, byte for byte.
    """

    entry_id: bytes
    nonce: str
    original: list[bytes]


def read_replayed(raw: list[bytes]) -> Replayed | None:
    """Return what an entry of a replay stream stands for, or None if no replay wrote it."""
    if len(raw) < 6 or raw[2] != b"replayNonce" or not _ENTRY_ID.fullmatch(raw[1]):
        return None
    nonce = raw[3].decode("utf-8", "replace")
    if raw[0] == b"replayOf":
        return Replayed(raw[1], nonce, raw[4:])
    original = unpack(raw[5]) if raw[0] == b"replayOfPacked" else None
    return Replayed(raw[1], nonce, original) if original is not None else None
