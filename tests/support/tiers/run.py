"""Runs tiers: those of one phase side by side, phases one after the other."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from .command import Finished, run_command
from .outcome import Counts, Outcome, closing_line, count_junit
from .tier import Tier

__all__ = ["run_phases"]

_NO_TESTS_COLLECTED = 5


async def run_phases(
    selected: Sequence[Tier], *, root: Path, write: Callable[[str], None], finished: Callable[[Outcome], None]
) -> None:
    """Run the tiers.

    Static tiers of a phase run one after the other and show their output when they are done; pytest tiers show
    theirs line by line as it comes.

    Args:
        selected: What to run, in the table's order.
        root: The workspace.
        write: Takes each line of output.
        finished: Takes each outcome at once, so that an interrupted run still knows what it has.
    """
    for _, group in groupby(sorted(selected, key=lambda tier: tier.phase), key=lambda tier: tier.phase):
        phase = list(group)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_lane([tier for tier in phase if not tier.pytest], root, write, finished))
            tasks.create_task(_lane([tier for tier in phase if tier.pytest], root, write, finished))


async def _lane(
    tiers: Sequence[Tier], root: Path, write: Callable[[str], None], finished: Callable[[Outcome], None]
) -> None:
    for tier in tiers:
        finished(await _run_tier(tier, root, write))


async def _run_tier(tier: Tier, root: Path, write: Callable[[str], None]) -> Outcome:
    counts, failures, closing_lines = Counts(), [], []
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tiers-") as folder:
        for number, command in enumerate(tier.commands):
            junit = Path(folder) / f"{number}.xml"
            arguments = (*command, f"--junitxml={junit}") if tier.pytest else command
            ended = await _show(tier, arguments, root, write)
            failure = _failure(ended, tier.seconds)
            if failure:
                failures.append(f"{_readable(command, root)}: {failure}")
            if tier.pytest:
                counts += count_junit(junit)
                line = closing_line(ended.lines)
                closing_lines += [line] if line else []
            else:
                counts += Counts(1, failed=1 if failure else 0)
    return Outcome(tier.name, counts, time.monotonic() - start, tuple(failures), tuple(closing_lines))


async def _show(tier: Tier, command: Sequence[str], root: Path, write: Callable[[str], None]) -> Finished:
    title = f"[{tier.name}] {_readable(command, root)}"
    held: list[str] = []
    if tier.pytest:
        write(title)
    ended = await run_command(
        command,
        cwd=root,
        environment=os.environ,
        seconds=tier.seconds,
        sink=write if tier.pytest else held.append,
    )
    if not tier.pytest:
        write("\n".join([title, *held]))
    return ended


def _failure(ended: Finished, seconds: float) -> str | None:
    match ended.exit_code:
        case 0:
            return None
        case None:
            return f"stopped after {seconds:.0f} s"
        case code:
            return f"exit code {code}" + (", no tests found" if code == _NO_TESTS_COLLECTED else "")


def _readable(command: Sequence[str], root: Path) -> str:
    words = [word.removeprefix(f"{root}/") for word in command if not word.startswith("--junitxml=")]
    return shlex.join(words)
