"""What a person at a terminal sees, with rich and without."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest
from tests.support.cli import environment, sluiceway

from sluiceway.embedded import EmbeddedServer

WITH_RICH = ("-m", "sluiceway")
WITHOUT_RICH = ("-c", "import sys; sys.modules['rich'] = None; from sluiceway.cli import main; sys.exit(main())")


class Terminal:
    """A command whose output goes to a terminal of 120 columns."""

    def __init__(self, url: str, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self.output = b""
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.STDOUT,
            env=environment(url, {"COLUMNS": "120", "LINES": "30", "TERM": "xterm"}),
            preexec_fn=_interruptible,  # noqa: PLW1509 - one system call
        )
        os.close(theirs)

    def until(self, wanted: bytes) -> None:
        """Read until something was shown."""
        while wanted not in self.output:
            self.output += os.read(self._ours, 4096)

    def ended(self) -> int:
        """Read what is left, and return the exit code."""
        try:
            while more := os.read(self._ours, 4096):
                self.output += more
        except OSError:  # how Linux says that the other side of a terminal is closed
            pass
        finally:
            os.close(self._ours)
        return self.process.wait(timeout=30)


@pytest.mark.parametrize("program", [WITH_RICH, WITHOUT_RICH], ids=["with rich", "without rich"])
def test_a_table_is_shown_at_a_terminal(server: EmbeddedServer, program: tuple[str, ...]) -> None:
    sluiceway(server.url, "publish", "orders", "ORDER", "--event-id", "e-1", "--correlation-id", "[bold]c-1")

    terminal = Terminal(server.url, *program, "trace", "[bold]c-1")

    assert terminal.ended() == 0
    assert b"[bold]c-1" in terminal.output
    assert b"ORDER" in terminal.output
    assert (b"\x1b[1m" in terminal.output) is (program == WITH_RICH)


@pytest.mark.parametrize("program", [WITH_RICH, WITHOUT_RICH], ids=["with rich", "without rich"])
def test_a_watch_is_redrawn_in_place_and_leaves_the_terminal_usable(
    server: EmbeddedServer, program: tuple[str, ...]
) -> None:
    sluiceway(server.url, "publish", "orders", "ORDER")

    terminal = Terminal(server.url, *program, "groups", "--watch", "50ms")
    terminal.until(b"no group reads: orders")
    terminal.output = b""
    terminal.until(b"no group reads: orders")
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.ended() == 0
    assert b"\x1b[" in terminal.output
    assert b"Traceback" not in terminal.output
    if b"\x1b[?25l" in terminal.output:  # the cursor was hidden
        assert terminal.output.rfind(b"\x1b[?25h") > terminal.output.rfind(b"\x1b[?25l")


def _interruptible() -> None:
    """Undo what a shell does to its background jobs, which their children inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
