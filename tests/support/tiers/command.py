"""One command, bounded in time, with nothing left running after it."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finished", "run_command"]

_GRACE_SECONDS = 10.0
_LONGEST_LINE = 2**24


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended; `exit_code` is None if its time was up."""

    exit_code: int | None
    lines: tuple[str, ...]


async def run_command(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    seconds: float,
    sink: Callable[[str], None],
) -> Finished:
    """Run a command without input, in a process group of its own; hand each line of its output to `sink` as it comes.

    Args:
        command: Program and arguments.
        cwd: Folder to run it in.
        environment: All of its environment.
        seconds: Longest time; then its group is stopped.
        sink: Called with each line, without its line end.

    Returns:
        Its exit code and its output (stdout and stderr as one).
    """
    # a pipe of our own: asyncio's would make `wait` last until the last child that inherited it is gone
    read_end, write_end = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=dict(environment),
            stdin=DEVNULL,
            stdout=write_end,
            stderr=STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(write_end)
    lines: list[str] = []
    reading = asyncio.create_task(_read(read_end, lines, sink))
    exit_code = None
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                exit_code = await process.wait()
    finally:
        await _stop(process)
        # what left the group may still hold the pipe; it does not hold us
        await asyncio.wait([reading], timeout=_GRACE_SECONDS)
        reading.cancel()
    return Finished(exit_code, tuple(lines))


async def _read(read_end: int, lines: list[str], sink: Callable[[str], None]) -> None:
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb")
    )
    with closing(transport):
        async for raw in reader:
            line = raw.decode(errors="replace").rstrip("\r\n")
            lines.append(line)
            sink(line)


async def _stop(process: Process) -> None:
    """End the whole group: first asked, then killed; what outlived its own parent in it is killed too."""
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await process.wait()
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
