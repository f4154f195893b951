"""A late operator is not restarted at once, a stuck one is; one that knows nothing yet is alive and not ready."""

from __future__ import annotations

import pytest

from sluiceway_operator.health import STUCK_SECONDS, OperatorHealth


@pytest.mark.parametrize(
    ("late", "problems"),
    [
        (0.0, []),
        (STUCK_SECONDS, []),
        (STUCK_SECONDS + 1, ["sweeps: the latest is 61 s late, they are stuck"]),
    ],
)
def test_only_sweeps_that_are_stuck_are_worth_a_restart(late: float, problems: list[str]) -> None:
    health = OperatorHealth(lambda: late, lambda: True)

    assert list(health.broken()) == problems
    assert list(health.not_ready()) == []


def test_before_the_first_list_it_lives_and_is_not_ready() -> None:
    health = OperatorHealth(lambda: 0.0, lambda: False)

    assert list(health.broken()) == []
    assert list(health.not_ready()) == ["StreamConsumers: not listed yet"]
