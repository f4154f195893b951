"""One server at a time for a data folder: two that write into one append-only file destroy it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from sluiceway.embedded.errors import EmbeddedServerError

LOCK_NAME: Final = "server.lock"
_POLL_SECONDS: Final = 0.01


def lock_folder(data_dir: Path, within_seconds: float = 2.0) -> int:
    """Take the lock of a data folder.

    Args:
        data_dir: An existing folder. The server's process ID is expected in its lock file.
        within_seconds: How long to wait for a lock whose server has ended already.

    Returns:
        An open file descriptor that holds the lock, for the server to inherit: the lock lasts as long as somebody has it open.

    Raises:
        EmbeddedServerError: Another server has the folder; the text names its process ID.
    """
    path = data_dir / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = path.read_text().strip()
            # A forked child of a killed server (it rewrites the file) may hold the lock a moment longer than its parent.
            if not _alive(owner) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                continue
            os.close(descriptor)
            raise EmbeddedServerError(
                f"data_dir {str(data_dir)!r} is in use by the server with process ID {owner or 'unknown'}: "
                "stop it, or use another folder"
            ) from None
        return descriptor


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
