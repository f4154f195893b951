"""The tier runner: what it counts, what it calls a failure, and what its last lines say."""

import os
import sys
from pathlib import Path

import psutil
from tests.support.eventually import eventually
from tests.support.tiers import Counts, Gap, Need, Outcome, Tier, closing, problems, run_phases
from tests.support.tiers.command import run_command
from tests.support.tiers.outcome import closing_line, count_junit

GAP = Gap("integration on Redis", "apt-get install redis-server")


async def run(tmp_path: Path, *tiers: Tier) -> tuple[list[Outcome], list[str]]:
    outcomes: list[Outcome] = []
    lines: list[str] = []
    await run_phases(tiers, root=tmp_path, write=lines.append, finished=outcomes.append)
    return outcomes, lines


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def pytest_on(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "test_example.py").write_text(text)
    return (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path))


class TestCounting:
    def test_tests_of_every_suite_in_a_junit_file_are_added_up(self, tmp_path: Path) -> None:
        report = tmp_path / "report.xml"
        report.write_text(
            '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/><testsuite tests="2"/></testsuites>'
        )

        assert count_junit(report) == Counts(total=7, failed=2, skipped=1)
        assert count_junit(report).passed == 4

    def test_a_missing_or_cut_off_junit_file_counts_nothing(self, tmp_path: Path) -> None:
        cut_off = tmp_path / "cut-off.xml"
        cut_off.write_text('<testsuites><testsuite tests="5"')

        assert count_junit(cut_off) == Counts()
        assert count_junit(tmp_path / "missing.xml") == Counts()

    def test_pytests_last_word_is_found_in_its_output(self) -> None:
        lines = ["collected 3 items", "== 2 passed, 1 skipped in 0.12s ==", "", "12 passed in 63.10s (0:01:03)"]

        assert closing_line(lines) == "12 passed in 63.10s (0:01:03)"
        assert closing_line(lines[:3]) == "== 2 passed, 1 skipped in 0.12s =="
        assert closing_line(["collected 3 items"]) is None


class TestRunning:
    async def test_a_pytest_tier_counts_its_tests_and_keeps_the_closing_line(self, tmp_path: Path) -> None:
        command = pytest_on(
            tmp_path,
            "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n@pytest.mark.skip\ndef test_c(): pass\n",
        )

        (outcome,), lines = await run(tmp_path, Tier("unit", (command,), seconds=60, pytest=True))

        assert outcome.counts == Counts(total=3, failed=1, skipped=1)
        assert outcome.failures[0].endswith("exit code 1")
        assert "1 failed, 1 passed, 1 skipped in" in outcome.closing_lines[0]
        assert outcome.closing_lines[0] in lines

    async def test_a_pytest_tier_without_tests_has_failed(self, tmp_path: Path) -> None:
        (outcome,), _ = await run(tmp_path, Tier("unit", (pytest_on(tmp_path, ""),), seconds=60, pytest=True))

        assert outcome.counts == Counts()
        assert "no tests found" in outcome.failures[0]

    async def test_every_command_of_a_tier_runs_and_counts_although_the_first_failed(self, tmp_path: Path) -> None:
        commands = (python("print('one'); raise SystemExit(3)"), python("print('two')"))

        (outcome,), lines = await run(tmp_path, Tier("lint", commands, seconds=60))

        assert outcome.counts == Counts(total=2, failed=1)
        assert "exit code 3" in outcome.failures[0]
        assert lines[0].endswith("\none")
        assert lines[1].endswith("\ntwo")

    async def test_a_command_that_takes_too_long_is_stopped_and_has_failed(self, tmp_path: Path) -> None:
        (outcome,), _ = await run(tmp_path, Tier("lint", (python("import signal; signal.pause()"),), 0.2))

        assert outcome.counts.failed == 1
        assert "stopped after" in outcome.failures[0]

    async def test_tiers_of_a_later_phase_start_when_the_earlier_ones_are_done(self, tmp_path: Path) -> None:
        first = Tier("first", (python("open('done', 'w')"),), seconds=60, phase=0)
        second = Tier("second", (python("open('done')"),), seconds=60, phase=1)

        outcomes, _ = await run(tmp_path, second, first)

        assert [outcome.tier for outcome in outcomes] == ["first", "second"]
        assert not outcomes[1].failures

    async def test_children_that_a_command_leaves_behind_are_ended(self, tmp_path: Path) -> None:
        child = [sys.executable, "-c", "import signal; signal.pause()"]
        leave_it = python(f"import subprocess; print(subprocess.Popen({child!r}).pid)")

        ended = await run_command(leave_it, cwd=tmp_path, environment=os.environ, seconds=60, sink=lambda _: None)

        assert ended.exit_code == 0
        await eventually(lambda: not psutil.pid_exists(int(ended.lines[0])), what="the end of the child left behind")


class TestVerdict:
    def test_skips_and_gaps_are_no_failure_on_a_developers_machine(self) -> None:
        assert problems([Outcome("unit", Counts(9, 0, 2), 1.0)], [GAP], require_all=False) == []

    def test_skips_and_gaps_are_failures_where_everything_is_required(self) -> None:
        found = problems([Outcome("unit", Counts(9, 0, 2), 1.0)], [GAP], require_all=True)

        assert found == [
            "unit: 2 skipped",
            "left out: integration on Redis; add it with: apt-get install redis-server",
        ]

    def test_a_failed_command_is_always_a_failure(self) -> None:
        assert problems([Outcome("lint", Counts(3, 1), 1.0, ("ruff: exit code 1",))], [], require_all=False) == [
            "lint: ruff: exit code 1"
        ]

    def test_an_unmet_need_is_a_gap_and_stops_the_tier_only_if_it_is_essential(self) -> None:
        some = Tier("integration", (), 1, needs=(Need(GAP.what, lambda: False, GAP.remedy),))
        none = Tier("e2e", (), 1, needs=(Need("e2e", lambda: False, "make kind", essential=True),))

        assert some.gaps() == (GAP,)
        assert some.can_run()
        assert none.gaps() == (Gap("e2e", "make kind"),)
        assert not none.can_run()


class TestClosing:
    def test_it_ends_with_one_line_for_each_tier_and_their_sum(self) -> None:
        outcomes = [
            Outcome("unit", Counts(12, 1, 2), 3.21, closing_lines=("== 1 failed, 9 passed, 2 skipped in 3.00s ==",)),
            Outcome("lint", Counts(3), 1.0),
        ]

        text = closing(["lint", "unit", "e2e"], outcomes, [GAP], ["unit: pytest: exit code 1"])

        assert text.splitlines() == [
            "left out: integration on Redis; add it with: apt-get install redis-server",
            "FAILED unit: pytest: exit code 1",
            "== 1 failed, 9 passed, 2 skipped in 3.00s ==",
            "12 passed, 1 failed, 2 skipped",
            "",
            "tier    tests  skipped  seconds",
            "lint        3        0      1.0",
            "unit       12        2      3.2",
            "e2e         -        -        -",
            "total      15        2      4.2",
        ]
