"""Runs the Python blocks of a page, one after the other, in one namespace of a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Interpreter", "Ran"]

_CHILD = Path(__file__).with_name("child.py")
_LONGEST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ran:
    """What a block did.

    Args:
        printed: What it wrote to standard output.
        error: `Class: message` of what it raised; empty if nothing.
        told: What it wrote to standard error, and the traceback.
    """

    printed: str
    error: str
    told: str


class Interpreter:
    """The process of one page.

    Args:
        folder: Its working directory.
        environment: All of its environment.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._told = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            cwd=folder,
            env=environment,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # Told that nothing more comes, it ends and takes with it what its blocks left running.
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError("the page's Python does not end: something in it still runs") from None
        finally:
            self._process.stdout.close()
            self._told.close()

    def run(self, source: str, file: str, line: int) -> Ran:
        """Run a block to its end.

        Args:
            source: Its text.
            file: Where it stands, for tracebacks.
            line: Its first line there.

        Raises:
            AssertionError: The process ended, or the block does not.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"source": source, "file": file, "line": line}) + "\n")
        self._process.stdin.flush()
        deadline = threading.Timer(_LONGEST_SECONDS, self._process.kill)
        deadline.start()
        try:
            reply = self._process.stdout.readline()
        finally:
            deadline.cancel()
        self._told.seek(0)
        told = self._told.read()
        assert reply, f"{file}:{line}: the process was ended, by its code or after {_LONGEST_SECONDS} s\n{told}"
        answer = json.loads(reply)
        return Ran(answer["printed"], answer["error"], told + answer["traceback"])
