"""Books that are not kept, where a load test must not measure a disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["NoBooks"]


class NoBooks:
    """Remembers nothing: every call makes its line anew. See `Books`."""

    async def remember(self, _: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return the line that `make` gives."""
        return dict(make())
