"""What is wrong with a run, in words."""

from __future__ import annotations

from collections.abc import Sequence

from .outcome import Outcome
from .tier import Gap

__all__ = ["problems"]


def problems(outcomes: Sequence[Outcome], gaps: Sequence[Gap], *, require_all: bool) -> list[str]:
    """List what makes the run a failure; empty means success.

    Args:
        outcomes: One for each tier that ran.
        gaps: What was left out.
        require_all: Whether a skipped test or something left out counts as a failure, as in CI.
    """
    found = [f"{outcome.tier}: {failure}" for outcome in outcomes for failure in outcome.failures]
    if require_all:
        found += [f"{outcome.tier}: {outcome.counts.skipped} skipped" for outcome in outcomes if outcome.counts.skipped]
        found += [f"left out: {gap.what}; add it with: {gap.remedy}" for gap in gaps]
    return found
