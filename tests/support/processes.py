"""Python programs as child processes: started, watched line by line, paused, killed."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.eventually import eventually, eventually_sync

from sluiceway.embedded.lifetime import die_with_parent


class Program:
    """A running Python program whose output is collected while it runs.

    Args:
        arguments: What follows `python`, for example `("-m", "shop_payments")`.
        env: Added to this process's environment.
        cwd: Its working directory.
        memory_limit_bytes: Size of its address space (RLIMIT_AS); None: no limit.

    Attributes:
        lines: What it wrote to stdout and stderr so far, without line ends.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        memory_limit_bytes: int | None = None,
    ) -> None:
        self.arguments = arguments
        self.lines: list[str] = []
        ties = die_with_parent(signal.SIGKILL)

        def prepare() -> None:
            if ties:
                ties()
            # A shell's background job ignores it, and its children would inherit that.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if memory_limit_bytes is not None:
                resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))

        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            cwd=cwd,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - system calls only
        )
        self._collector = threading.Thread(target=self._collect, name=f"output of {self.pid}", daemon=True)
        self._collector.start()

    @property
    def pid(self) -> int:
        """Its process ID."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet (a paused one runs)."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """Everything it wrote so far."""
        return "\n".join(self.lines)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The lines that are JSON objects, such as structured logs."""
        found: list[dict[str, Any]] = []
        for line in list(self.lines):
            with suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict):
                    found.append(record)
        return found

    def find(self, pattern: str) -> re.Match[str] | None:
        """The first line in which a regular expression is found."""
        return next((match for line in list(self.lines) if (match := re.search(pattern, line))), None)

    async def line(self, pattern: str, within_seconds: float = 60.0) -> re.Match[str]:
        """Wait for a line of output.

        Args:
            pattern: Regular expression, found anywhere in the line.
            within_seconds: Deadline.

        Returns:
            The match.

        Raises:
            AssertionError: It ended, or the deadline passed, without such a line; the text shows what it wrote.
        """
        wanted = f"a line like {pattern!r}"
        await eventually(lambda: self.find(pattern) or self._over(), within_seconds=within_seconds, what=wanted)
        match = self.find(pattern)
        assert match is not None, f"{self._describe()} without {wanted}"
        return match

    async def ended(self, within_seconds: float = 60.0) -> int:
        """Wait for its end.

        Args:
            within_seconds: Deadline.

        Returns:
            Its exit code; negative: the signal that ended it.

        Raises:
            AssertionError: It still runs; the text shows what it wrote.
        """
        await eventually(self._over, within_seconds=within_seconds, what=f"the end of {self._describe()}")
        return self._process.returncode

    async def exits(self, code: int = 0, within_seconds: float = 60.0) -> None:
        """Wait for its end and check the exit code.

        Args:
            code: What it has to exit with; negative: the signal that has to end it.
            within_seconds: Deadline.

        Raises:
            AssertionError: It still runs or ended otherwise; the text shows what it wrote.
        """
        got = await self.ended(within_seconds)
        assert got == code, f"expected exit code {code}: {self._describe()}"

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def pause(self) -> None:
        """Send SIGSTOP: alive, connected, and doing nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Send SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Send SIGKILL and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def clear_away(self) -> None:
        """Kill it and whatever it started in its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        # A grandchild that left the session may still hold the pipe; its output is not worth waiting for.
        self._collector.join(timeout=2)
        if self._process.stdout and not self._collector.is_alive():
            self._process.stdout.close()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def _over(self) -> bool:
        # The last words of a program are read before it counts as ended.
        return not self.running and not self._collector.is_alive()

    def _describe(self) -> str:
        state = "still running" if self.running else f"ended with exit code {self._process.returncode}"
        shown = "\n".join(f"  | {line}" for line in self.lines[-30:]) or "  | (no output)"
        return f"python {' '.join(self.arguments)} {state}, wrote\n{shown}\n"


class Programs:
    """Starts programs and clears away all of them in the end.

    Args:
        folder: Working directory of the programs, and where scripts are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Program] = []

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, memory_limit_bytes: int | None = None
    ) -> Program:
        """Start `python` with these arguments. See `Program`."""
        program = Program(*arguments, cwd=self._folder, env=env, memory_limit_bytes=memory_limit_bytes)
        self._started.append(program)
        return program

    def script(
        self,
        source: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        memory_limit_bytes: int | None = None,
    ) -> Program:
        """Start a program given as source text. See `Program`."""
        path = self._folder / f"program_{len(self._started)}.py"
        path.write_text(source)
        return self.start(str(path), *arguments, env=env, memory_limit_bytes=memory_limit_bytes)

    def clear_away(self) -> None:
        """Kill what still runs."""
        for program in self._started:
            program.clear_away()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    programs = Programs(tmp_path)
    yield programs
    programs.clear_away()


def gone(pid: int, within_seconds: float = 30.0) -> None:
    """Wait until a process that is not a child of this one has ended.

    Raises:
        AssertionError: It is still there.
    """
    eventually_sync(lambda: not _alive(pid), within_seconds=within_seconds, what=f"the end of process {pid}")


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
