"""What the outside world remembers, as a port: the payment provider its charges, a mailbox its messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

__all__ = ["Books", "BooksUnavailable"]


class BooksUnavailable(Exception):
    """The books did not answer: the line may or may not be in them. Ask again with the same key."""


class Books(Protocol):
    """Keeps one line a key, for all processes that share it."""

    async def remember(self, key: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return the line of a key; write the one that `make` gives if there is none.

        Raises:
            BooksUnavailable: They cannot be read or written now.
        """
        ...
