"""Reads the record that the server keeps of an entry's failed attempts. Pure.

The scripts write it with cmsgpack, as an array of numbers and a text. That much of MessagePack
(https://github.com/msgpack/msgpack/blob/master/spec.md) is read here, so that looking needs no right to run scripts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["RetryRecord", "read_record"]

_NUMBERS = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_TEXTS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}


@dataclass(frozen=True, slots=True)
class RetryRecord:
    """Failed attempts of an entry.

    Args:
        due: Milliseconds since 1970 before which it is not started again.
        first, last: When it failed first and last, in milliseconds since 1970.
        failures: How often.
        error: What the last one said.
    """

    due: int
    first: int
    last: int
    failures: int
    error: str


def read_record(packed: bytes) -> RetryRecord | None:
    """Return the record, or None where it has another form than this version of the SDK writes."""
    try:
        values = _array(packed)
        due, first, last, failures = (int(value) for value in values[:4] if not isinstance(value, str))
        return RetryRecord(due, first, last, failures, str(values[4]))
    except (struct.error, IndexError, ValueError, OverflowError):
        return None


def _array(packed: bytes) -> list[float | str]:
    if packed[0] & 0xF0 != 0x90:
        raise ValueError("not a short array")
    values: list[float | str] = []
    at = 1
    for _ in range(packed[0] & 0x0F):
        value, at = _value(packed, at)
        values.append(value)
    return values


def _value(packed: bytes, at: int) -> tuple[float | str, int]:
    kind = packed[at]
    at += 1
    if kind < 0x80:
        return kind, at
    if kind >= 0xE0:
        return kind - 0x100, at
    if form := _NUMBERS.get(kind):
        return struct.unpack_from(form, packed, at)[0], at + struct.calcsize(form)
    if 0xA0 <= kind < 0xC0:
        length = kind & 0x1F
    elif form := _TEXTS.get(kind):
        length = struct.unpack_from(form, packed, at)[0]
        at += struct.calcsize(form)
    else:
        raise ValueError(f"unexpected type {kind:#x}")
    return packed[at : at + length].decode("utf-8", "replace"), at + length
