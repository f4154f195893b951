"""Waits for conditions."""

from __future__ import annotations

import time
from collections.abc import Callable

from .errors import ClusterError

__all__ = ["wait_for"]

_POLL_SECONDS = 0.1


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float) -> None:
    """Wait until a condition holds.

    Args:
        condition: Asked again and again.
        what: What it is, for the message.
        seconds: Longest time.

    Raises:
        ClusterError: It does not hold after that time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ClusterError(f"{what}: not there after {seconds:.0f} s")
        time.sleep(_POLL_SECONDS)
