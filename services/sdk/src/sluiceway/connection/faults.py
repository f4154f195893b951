"""Which errors pass by themselves. Pure."""

from __future__ import annotations

from redis.exceptions import AskError, ClusterDownError, OutOfMemoryError, ReadOnlyError, ResponseError, TryAgainError

__all__ = ["is_temporary"]

_CODES = ("OOM", "LOADING", "MASTERDOWN", "READONLY", "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "MISCONF")
_CLASSES = (AskError, ClusterDownError, OutOfMemoryError, ReadOnlyError, TryAgainError)
"""redis-py leaves the code out of the text of an error for which it has a class."""


def is_temporary(error: BaseException) -> bool:
    """Return whether the same command may succeed later: a lost connection, a full or loading server, a failover."""
    return not isinstance(error, ResponseError) or isinstance(error, _CLASSES) or str(error).startswith(_CODES)
