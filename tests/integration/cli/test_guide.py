"""The examples of docs/guide/cli.md, run from top to bottom on a real server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import environment
from tests.support.eventually import eventually
from tests.support.http import get
from tests.support.processes import Program, Programs
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

GUIDE = ROOT / "docs/guide/cli.md"
PORT = "8099"
"""The port in the guide; here a free one takes its place."""
IN_A_SHELL = "import os, sys; os.execvp('bash', ['bash', '-c', sys.argv[1]])"


@dataclass(frozen=True, slots=True)
class Example:
    """A command of the guide.

    Args:
        command: A line for the shell.
        words: What its output must hold, besides others.
        code: Its exit code.
        background: It runs until the end.
    """

    command: str
    words: tuple[str, ...]
    code: int
    background: bool

    @property
    def only_looks(self) -> bool:
        """Whether it may be repeated."""
        return re.match(r"sluiceway (groups|trace|dlq list|dlq show) ?", self.command) is not None


def examples(text: str) -> Iterator[Example]:
    """Yield the examples: `$` begins a command, the lines after it show words of its output, `[exit N]` its exit code."""
    for marker, block in re.findall(r"(<!-- background -->\n)?```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            code = re.search(r"\[exit (\d+)\]", shown)
            words = re.sub(r"\[exit \d+\]", "", shown).split()
            yield Example(command, tuple(words), int(code[1]) if code else 0, bool(marker))


def test_every_command_has_an_example() -> None:
    commands = " ".join(example.command for example in examples(GUIDE.read_text()))

    assert [
        each for each in ("new", "run", "publish", "groups", "trace") if f"sluiceway {each} " not in f"{commands} "
    ] == []
    assert [each for each in ("list", "show", "replay", "purge") if f"sluiceway dlq {each} " not in commands] == []


async def test_the_examples_do_what_the_guide_says(server: EmbeddedServer, programs: Programs, tmp_path: Path) -> None:
    shell = tmp_path / "bin"
    shell.mkdir()
    (shell / "sluiceway").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sluiceway "$@"\n')
    (shell / "sluiceway").chmod(0o755)
    env = environment(server.url, {"PATH": f"{shell}:{os.environ['PATH']}"})
    port = free_port()

    def start(example: Example) -> Program:
        return programs.start("-c", IN_A_SHELL, example.command, env=env)

    async def does_as_shown(example: Example) -> bool:
        program = start(example)
        code = await program.ended(within_seconds=60)
        missing = [word for word in example.words if word not in program.output]
        assert (code, missing) == (example.code, []), f"$ {example.command}\n{program.output}"
        return True

    for example in examples(GUIDE.read_text().replace(PORT, str(port))):
        if example.background:
            start(example)
            await eventually(
                lambda: get(port, "/readyz")[0] == 200, within_seconds=60, what=example.command, ignoring=(OSError,)
            )
        elif example.only_looks:
            # what the service in the background does takes a moment to show
            await eventually(lambda shown=example: does_as_shown(shown), within_seconds=60, what=example.command)  # type: ignore[misc]
        else:
            await does_as_shown(example)
