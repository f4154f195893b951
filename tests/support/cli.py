"""The command `sluiceway` as a process of its own, run to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["COMMAND", "Ended", "environment", "sluiceway"]

COMMAND = (sys.executable, "-m", "sluiceway")
_LONGEST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended.

    Args:
        code: Its exit code.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
    """

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        assert self.code == 0, self
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """Standard output as words, a list a line, without the line of titles."""
        return [line.split() for line in self.out.splitlines()[1:]]

    def failed(self, code: int, *words: str) -> None:
        """Check that it failed with a message, and with that only.

        Args:
            code: The exit code it must have.
            words: What the message must hold.
        """
        assert self.code == code, self
        assert "error: " in self.err, self
        assert "Traceback" not in self.err, self
        assert [word for word in words if word not in self.err] == [], self


def sluiceway(
    url: str,
    *arguments: str,
    given: str | bytes | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> Ended:
    """Run the command and wait for its end.

    Args:
        url: The server, as SLUICEWAY_REDIS_URL.
        arguments: What follows `sluiceway`.
        given: Its standard input; none if not given.
        cwd: Its working directory.
        env: More of its environment.
    """
    ended = subprocess.run(
        [*COMMAND, *arguments],
        input=given.encode() if isinstance(given, str) else given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        cwd=cwd,
        env=environment(url, env),
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def environment(url: str, more: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command for a server."""
    return {**os.environ, "SLUICEWAY_REDIS_URL": url, **(more or {})}
