"""Runs the commands of a console block: `$ ` begins a command, what follows shows its output, `[exit N]` its exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.eventually import eventually
from tests.support.http import get
from tests.support.processes import Programs
from tests.support.snippets.shown import missing_lines

__all__ = ["Command", "commands", "run_command", "start_command"]

_IN_A_SHELL = "import os, sys; os.execvp('bash', ['bash', '-c', sys.argv[1]])"
_LOOKS_ONLY = re.compile(r"sluiceway (groups|trace|dlq list|dlq show)\b")
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Args:
        line: What is typed.
        shown: What the page shows of its output.
        code: Its exit code.
    """

    line: str
    shown: str
    code: int


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of a block.

    Raises:
        ValueError: It does not begin with one.
    """
    before, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    if before.strip() or not parts:
        raise ValueError("a console block begins with `$ ` and a command")
    for part in parts:
        line, _, shown = part.partition("\n")
        while line.endswith("\\"):
            more, _, shown = shown.partition("\n")
            line = f"{line}\n{more}"
        code = re.search(r"\[exit (\d+)\]", shown)
        yield Command(line, re.sub(r"\[exit \d+\]", "", shown), int(code[1]) if code else 0)


async def run_command(command: Command, programs: Programs, environment: Mapping[str, str]) -> None:
    """Run a command to its end, and see that it does what is shown.

    One that only looks is repeated until it sees what is shown: what it looks at may take a moment.

    Raises:
        AssertionError: It does something else.
    """

    async def does_as_shown() -> bool:
        program = programs.start("-c", _IN_A_SHELL, command.line, env=environment)
        code = await program.ended(_LONGEST_SECONDS)
        missing = missing_lines(command.shown, program.output)
        assert (code, missing) == (command.code, []), f"$ {command.line}\n{program.output}\nnot there: {missing}"
        return True

    if _LOOKS_ONLY.match(command.line):
        await eventually(does_as_shown, within_seconds=_LONGEST_SECONDS, what=command.line)
    else:
        await does_as_shown()


async def start_command(command: Command, programs: Programs, environment: Mapping[str, str]) -> None:
    """Start a command that serves HTTP, and wait until it says that it is ready.

    Raises:
        ValueError: It does not say where it serves.
    """
    port = re.search(r"--port (\d+)", command.line)
    if port is None:
        raise ValueError(f"$ {command.line}: what runs in the background is waited for at its --port")
    program = programs.start("-c", _IN_A_SHELL, command.line, env=environment)

    def ready() -> bool:
        if not program.running:
            raise RuntimeError(f"$ {command.line}\n{program.output}")
        return get(int(port[1]), "/readyz")[0] == 200

    await eventually(ready, within_seconds=_LONGEST_SECONDS, what=command.line, ignoring=(OSError,))
