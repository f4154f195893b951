"""Runs programs: quiet while they do well, with their last words when they do not."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import CommandFailed, Missing

__all__ = ["attempt", "run"]

_LAST_LINES = 25


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    seconds: float | None = None,
) -> str:
    """Run a program without input and return what it wrote to its standard output.

    Args:
        command: Program and arguments.
        env: Variables on top of those of this process.
        cwd: Folder to run it in.
        log: File that gets all of its output; nothing is returned then.
        seconds: Longest time; without it there is none.

    Raises:
        CommandFailed: It ended with another code than 0, or its time was up.
        Missing: There is no such program.
    """
    words = [str(word) for word in command]
    environment = {**os.environ, **(env or {})}
    try:
        if log is None:
            ended = subprocess.run(
                words, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False, timeout=seconds,
            )  # fmt: skip
            output, said = ended.stdout, ended.stdout + ended.stderr
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as written:
                written.write(f"$ {shlex.join(words)}\n")
                written.flush()
                start = written.tell()
                ended = subprocess.run(
                    words, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=written,
                    stderr=subprocess.STDOUT, text=True, check=False, timeout=seconds,
                )  # fmt: skip
            with log.open(errors="replace") as reading:
                reading.seek(start)
                output, said = "", reading.read()
    except FileNotFoundError as error:
        raise Missing(f"{words[0]} is not on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"{shlex.join(words)}: not done within {seconds:.0f} s") from error
    if ended.returncode:
        last = "\n".join(f"  {line}" for line in said.strip().splitlines()[-_LAST_LINES:])
        where = f" (all of it: {log})" if log else ""
        raise CommandFailed(f"{shlex.join(words)}: exit code {ended.returncode}{where}\n{last}")
    return output


def attempt(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, seconds: float = 60) -> bool:
    """Run a program whose failure is an answer, and return whether it succeeded."""
    try:
        run(command, env=env, seconds=seconds)
    except (CommandFailed, Missing):
        return False
    return True
