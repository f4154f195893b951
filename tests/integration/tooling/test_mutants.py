"""The mutant runner, on a toy package: what counts as killed, what as survived, and when it refuses to judge."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.mutants import Mutant, MutantError, Result, Target, run_mutants, table

TOY = "LIMIT = 3\n\n\ndef allowed(number: int) -> bool:\n    return number < LIMIT\n"
TESTS = """
import subprocess, sys
import toy

def test_boundary():
    assert not toy.allowed(3)

def test_loose():
    assert toy.allowed(0)

def test_in_a_subprocess_with_an_empty_environment():
    code = "import toy; raise SystemExit(toy.allowed(3))"
    assert subprocess.run([sys.executable, "-c", code], env={}).returncode == 0

def test_broken_anyhow():
    assert False
"""
OFF_BY_ONE = Mutant(
    2, "off-by-one", "__init__.py", "number < LIMIT", "number <= LIMIT", ("test_toy.py::test_boundary",)
)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A workspace whose real tree is on the path of every process, as an editable install's is."""
    package = tmp_path / "src" / "toy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(TOY)
    (tmp_path / "test_toy.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    return Target(tmp_path, tmp_path / "src", "toy", seconds=60)


async def test_a_defect_that_a_test_notices_is_killed(target: Target) -> None:
    (result,) = await run_mutants([OFF_BY_ONE], target)

    assert result.killed


async def test_a_defect_that_no_test_notices_survives(target: Target) -> None:
    (result,) = await run_mutants([replace(OFF_BY_ONE, tests=("test_toy.py::test_loose",))], target)

    assert not result.killed


async def test_the_defect_is_there_in_processes_that_a_test_starts_without_any_environment(target: Target) -> None:
    node = "test_toy.py::test_in_a_subprocess_with_an_empty_environment"

    (result,) = await run_mutants([replace(OFF_BY_ONE, tests=(node,))], target)

    assert result.killed


async def test_the_real_tree_stays_as_it_is(target: Target) -> None:
    await run_mutants([OFF_BY_ONE], target)

    assert (target.source / "toy" / "__init__.py").read_text() == TOY


@pytest.mark.parametrize(("old", "count"), [("no such text", 0), ("LIMIT", 2)])
async def test_an_old_text_that_does_not_occur_exactly_once_is_refused_by_name(
    target: Target, old: str, count: int
) -> None:
    with pytest.raises(MutantError, match=f"off-by-one: its old text occurs {count} times in __init__.py"):
        await run_mutants([replace(OFF_BY_ONE, old=old)], target)


async def test_a_file_that_is_not_there_is_refused_by_name(target: Target) -> None:
    with pytest.raises(MutantError, match=r"off-by-one: file='gone\.py' is not in the package"):
        await run_mutants([replace(OFF_BY_ONE, file="gone.py")], target)


async def test_a_pytest_configuration_that_puts_the_real_tree_first_stops_the_run(target: Target) -> None:
    (target.root / "pytest.ini").write_text("[pytest]\npythonpath = src\n")

    with pytest.raises(MutantError, match="the copy of toy is not what gets imported"):
        await run_mutants([OFF_BY_ONE], target)


async def test_a_test_that_fails_without_the_defect_stops_the_run(target: Target) -> None:
    with pytest.raises(MutantError, match="must pass without a defect"):
        await run_mutants([replace(OFF_BY_ONE, tests=("test_toy.py::test_broken_anyhow",))], target)


async def test_a_defect_that_keeps_the_code_from_being_imported_is_not_a_kill(target: Target) -> None:
    with pytest.raises(MutantError, match="off-by-one: its tests could not be run"):
        await run_mutants([replace(OFF_BY_ONE, new="number <")], target)


def test_the_table_names_the_survivors_and_counts() -> None:
    survivor = replace(OFF_BY_ONE, promise=1, name="other")

    text = table([Result(OFF_BY_ONE, killed=True, seconds=1.5), Result(survivor, killed=False, seconds=2.25)])

    assert text.splitlines() == [
        "promise  mutant      result    seconds",
        "      1  other       SURVIVED      2.2",
        "      2  off-by-one  killed        1.5",
        "",
        "1 killed, 1 survived",
    ]
