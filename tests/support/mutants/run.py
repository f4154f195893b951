"""Judges mutants: the tests pass on the code as it is, and fail on the code with the defect."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.tiers.command import Finished, run_command

from .mutant import Mutant, MutantError
from .overlay import GUARD, Overlay, overlay

__all__ = ["Result", "Target", "run_mutants"]

_TESTS_FAILED = 1
_LAST_LINES = 40


@dataclass(frozen=True, slots=True)
class Target:
    """What is broken on purpose.

    Args:
        root: The workspace; tests run there.
        source: The `src` folder that is copied.
        package: The package in it that the mutants' files are relative to.
        seconds: Longest time for the tests of one mutant; a defect that makes them hang longer is noticed, too.
    """

    root: Path
    source: Path
    package: str
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant, and how long that took."""

    mutant: Mutant
    killed: bool
    seconds: float


async def run_mutants(
    mutants: Sequence[Mutant], target: Target, write: Callable[[str], None] = lambda _: None
) -> list[Result]:
    """Run the tests of all mutants without a defect, then those of each with its own.

    Args:
        mutants: What to judge, in this order.
        target: The code they change.
        write: Takes a line for each step.

    Returns:
        One result for each mutant.

    Raises:
        MutantError: A test fails without a defect, a mutant does not fit the code, or its tests could not be run
            (no such test, or the defect keeps the code from being imported, which any test would notice).
    """
    if not mutants:
        return []
    for mutant in mutants:
        mutant.changed(target.source / target.package)
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        tests = sorted({test for mutant in mutants for test in mutant.tests})
        write(f"{len(tests)} test selections on the code as it is")
        with overlay(target.source, target.package, Path(name) / "unchanged") as unchanged:
            healthy = await _pytest(tests, target, unchanged)
        if healthy.exit_code != 0:
            raise MutantError("tests of mutants must pass without a defect:\n" + _tail(healthy))
        results = []
        for number, mutant in enumerate(mutants):
            results.append(await _judge(mutant, target, Path(name) / str(number)))
            write(f"{mutant.name}: {'killed' if results[-1].killed else 'SURVIVED'} ({results[-1].seconds:.1f} s)")
        return results


async def _judge(mutant: Mutant, target: Target, folder: Path) -> Result:
    start = time.monotonic()
    with overlay(target.source, target.package, folder) as changed:
        mutant.apply(changed.package)
        ended = await _pytest(mutant.tests, target, changed)
    if ended.exit_code not in {0, _TESTS_FAILED, None}:
        raise MutantError(f"mutant {mutant.name}: its tests could not be run:\n" + _tail(ended))
    return Result(mutant, killed=ended.exit_code != 0, seconds=time.monotonic() - start)


async def _pytest(tests: Sequence[str], target: Target, place: Overlay) -> Finished:
    options = ("-q", "-x", "-p", "no:cacheprovider", "-p", GUARD, "--no-header", "--tb=short")
    return await run_command(
        (str(place.python), "-m", "pytest", *options, *tests),
        cwd=target.root,
        environment=place.environment,
        seconds=target.seconds,
        sink=lambda _: None,
    )


def _tail(ended: Finished) -> str:
    return "\n".join(ended.lines[-_LAST_LINES:])
