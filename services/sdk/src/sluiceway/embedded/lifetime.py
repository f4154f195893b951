"""Child processes that do not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """Make a `preexec_fn` after which the kernel signals the child as soon as its parent is gone, even by SIGKILL.

    Linux only. The kernel watches the *thread* that called fork: it has to live as long as the child may.

    Args:
        signal_number: What the child gets.

    Returns:
        The function to pass to `subprocess.Popen`, or None where the kernel has no such thing.
    """
    if sys.platform != "linux":
        return None
    # Looked up before the fork: between fork and exec nothing may be imported or take a lock.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:  # it died before the line above took effect
            os._exit(1)

    return arm
