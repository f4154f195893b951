"""Ties replicas to the operator's life, also to a life that SIGKILL ends."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from . import warden

__all__ = ["Lifeline"]


class Lifeline:
    """A pipe to a warden: once the operator is gone, however that happened, the warden ends what is enrolled.

    Args:
        grace_seconds: How long replicas then have between SIGTERM and SIGKILL.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._enrolled: set[int] = set()
        self._warden: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def hold(self) -> None:
        """See that there is a warden. To be called before a replica is started."""
        if self._warden is not None and self._warden.poll() is None:
            return
        self._close_pipe()
        end, self._pipe = os.pipe()
        # a session of its own: what Ctrl-C sends to the operator's group is not for the warden
        self._warden = subprocess.Popen(  # noqa: S603  # this interpreter and a file of this package
            [sys.executable, "-I", "-S", str(Path(warden.__file__)), str(end), str(self._grace_seconds)],
            pass_fds=(end,),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            # whoever reads what the operator writes shall see its end when it ends
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(end)
        for pid in self._enrolled:
            self._write("+", pid)

    def enroll_self(self) -> None:
        """Enroll the calling process: for a `preexec_fn`, so that no moment is left in which a replica lives untied."""
        self._write("+", os.getpid())

    def enrolled(self, pid: int) -> None:
        """Remember who enrolled itself, for the next warden."""
        self._enrolled.add(pid)

    def dismiss(self, pid: int) -> None:
        """Strike off a replica that is gone."""
        self._enrolled.discard(pid)
        # a warden that is gone knows nobody; the next one is told who is left
        with contextlib.suppress(OSError):
            self._write("-", pid)

    def close(self) -> None:
        """Let the warden go; it ends whoever is still enrolled first."""
        self._close_pipe()
        if self._warden is not None:
            self._warden.wait()
            self._warden = None

    def _write(self, sign: str, pid: int) -> None:
        os.write(self._pipe, f"{sign}{pid}\n".encode())

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
