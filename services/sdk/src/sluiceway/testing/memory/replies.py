"""What a command answers."""

from __future__ import annotations

from typing import Any

__all__ = ["OK", "Reply", "Status"]

Reply = Any
"""Bytes, a number, None, a list of such, or a status."""


class Status(bytes):
    """A status: the same bytes to a client, but a table with the field `ok` to a script."""

    __slots__ = ()


OK = Status(b"OK")
