"""The last lines of a run: what was left out, what failed, pytest's own closing lines, the sum, the table."""

from __future__ import annotations

from collections.abc import Sequence

from .outcome import Counts, Outcome
from .tier import Gap

__all__ = ["closing"]

_HEAD = ("tier", "tests", "skipped", "seconds")


def closing(names: Sequence[str], outcomes: Sequence[Outcome], gaps: Sequence[Gap], problems: Sequence[str]) -> str:
    """Render the end of a run.

    Args:
        names: Every tier that was asked for, in the table's order; one without an outcome shows dashes.
        outcomes: One for each tier that ran.
        gaps: What was left out, each with the command that adds it.
        problems: What makes the run a failure.
    """
    by_name = {outcome.tier: outcome for outcome in outcomes}
    ran = [by_name[name] for name in names if name in by_name]
    total = sum((outcome.counts for outcome in ran), Counts())
    seconds = sum(outcome.seconds for outcome in ran)
    lines = [f"left out: {gap.what}; add it with: {gap.remedy}" for gap in gaps]
    lines += [f"FAILED {problem}" for problem in problems]
    lines += [line for outcome in ran for line in outcome.closing_lines]
    lines += [f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", ""]
    rows = [_row(name, by_name.get(name)) for name in names]
    rows.append(("total", str(total.total), str(total.skipped), f"{seconds:.1f}"))
    width = max(len(row[0]) for row in rows)
    lines += [f"{tier:<{width}}  {tests:>6}  {skipped:>7}  {took:>7}" for tier, tests, skipped, took in [_HEAD, *rows]]
    return "\n".join(lines)


def _row(name: str, outcome: Outcome | None) -> tuple[str, str, str, str]:
    if outcome is None:
        return (name, "-", "-", "-")
    return (name, str(outcome.counts.total), str(outcome.counts.skipped), f"{outcome.seconds:.1f}")
