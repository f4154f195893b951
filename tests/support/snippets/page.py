"""Runs a page from top to bottom.

What a block is, its language and the HTML comment right above it say:

    ```python                     a part of the page's one program; all its parts run in one namespace
    ```text                       what the Python block before it prints, `…` standing for anything
    ```console                    commands after `$ `, with words of their output and `[exit N]`
    ```mermaid                    a picture
    <!-- file: NAME -->           the block is saved under this name, for later blocks
    <!-- fails -->                the Python block raises, and the text block after it shows what
    <!-- background -->           the console block's command serves HTTP at its --port until the page ends
    <!-- not run: REASON -->      nobody runs it; the test has a list of these

All of it happens in one fresh folder, with this environment's programs on the PATH and a server at SLUICEWAY_REDIS_URL. Ports
that are named as `--port N` are exchanged for free ones.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Programs
from tests.support.snippets.blocks import Block, blocks
from tests.support.snippets.console import commands, run_command, start_command
from tests.support.snippets.interpreter import Interpreter, Ran
from tests.support.snippets.shown import same_text

from sluiceway.embedded.ports import free_port

__all__ = ["NotRun", "run_page"]

_TOUR = re.compile(r"<!-- (?P<tour>(?:cluster-)?tour):begin\b.*?<!-- (?P=tour):end -->", re.DOTALL)
_PYTHONS_OWN = ("PYTHONSAFEPATH", "PYTHONPATH")
"""What the project's own runners set and no reader has."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """A block that nobody runs.

    Args:
        page: The page's name.
        reason: Why.
    """

    page: str
    reason: str


async def run_page(name: str, text: str, folder: Path, programs: Programs, url: str) -> list[NotRun]:
    """Run a page's blocks in their order.

    Args:
        name: The page's file name.
        text: What is in it.
        folder: A fresh folder; `programs` starts its programs in it.
        programs: Where the commands run.
        url: A server, empty.

    Returns:
        The blocks that nobody runs.

    Raises:
        AssertionError: A block does not do what the page shows.
        ValueError: A block is neither run nor marked.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _PYTHONS_OWN}
    environment |= {"SLUICEWAY_REDIS_URL": url, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    not_run = []
    with Interpreter(folder, environment) as interpreter:
        run = _Page(name, folder, programs, environment, interpreter)
        for block in blocks(_with_free_ports(_without_tour(text))):
            if block.not_run:
                not_run.append(NotRun(name, block.not_run))
            else:
                await run.block(block)
        run.end()
    return not_run


class _Page:
    def __init__(
        self,
        name: str,
        folder: Path,
        programs: Programs,
        environment: Mapping[str, str],
        interpreter: Interpreter,
    ) -> None:
        self._name = name
        self._folder = folder
        self._programs = programs
        self._environment = environment
        self._interpreter = interpreter
        self._unshown: tuple[Block, Ran] | None = None
        """The Python block whose output is yet to be shown."""

    async def block(self, block: Block) -> None:
        if block.language == "text" and not block.file:
            self._compare(block)
            return
        if block.language == "mermaid":
            return
        self.end()
        if block.file:
            path = self._folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.language == "python":
            self._python(block)
        elif block.language == "console":
            for command in commands(block.text):
                step = start_command if block.background else run_command
                await step(command, self._programs, self._environment)
        else:
            raise ValueError(
                f"{self._at(block)}: a block of {block.language or 'no language'} is run by nobody: mark it"
            )

    def end(self) -> None:
        if self._unshown is not None:
            block, ran = self._unshown
            shown = ran.error if block.fails else ran.printed
            assert not shown, f"{self._at(block)}: the page does not show what it prints:\n{shown}\n{ran.told}"
        self._unshown = None

    def _python(self, block: Block) -> None:
        ran = self._interpreter.run(block.text, self._name, block.line)
        assert bool(ran.error) is block.fails, f"{self._at(block)}: {ran.error or 'does not fail'}\n{ran.told}"
        self._unshown = (block, ran)

    def _compare(self, shown: Block) -> None:
        if self._unshown is None:
            raise ValueError(f"{self._at(shown)}: no Python block before it prints this text: mark it")
        block, ran = self._unshown
        printed = ran.error if block.fails else ran.printed
        assert same_text(shown.text, printed), f"{self._at(shown)}: this is what is printed:\n{printed}\n{ran.told}"
        self._unshown = None

    def _at(self, block: Block) -> str:
        return f"{self._name}:{block.line}"


def _without_tour(text: str) -> str:
    """Leave out the README's tours, which have tests of their own; lines keep their numbers."""
    return _TOUR.sub(lambda tour: "\n" * tour[0].count("\n"), text)


def _with_free_ports(text: str) -> str:
    for port in sorted(set(re.findall(r"--port (\d{4,5})", text))):
        text = text.replace(port, str(free_port()))
    return text
