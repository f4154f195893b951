"""Which entries that were taken over must be started apart from the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.engine.recovery import starts_alone


@pytest.mark.parametrize(
    ("count", "failures", "attempts", "alone"),
    [
        pytest.param(0, 0, 5, False, id="handed back, never started"),
        pytest.param(1, 0, 5, False, id="one delivery, which may have been only buffered"),
        pytest.param(2, 0, 5, True, id="two that ended with their process"),
        pytest.param(2, 1, 5, False, id="one of the two is a recorded failure"),
        pytest.param(4, 4, 5, False, id="all are recorded failures"),
        pytest.param(4, 2, 5, True, id="failures and two unexplained ends"),
        pytest.param(1, 0, 1, True, id="the only attempt there is"),
        pytest.param(0, 0, 1, False, id="the only attempt, not yet made"),
    ],
)
def test_an_entry_starts_alone_if_it_may_have_ended_processes(
    count: int,
    failures: int,
    attempts: int,
    alone: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    assert starts_alone(count, failures, attempts) is alone


@given(st.integers(0, 50), st.integers(1, 50), st.data())
def test_recorded_failures_make_nothing_suspect(count: int, attempts: int, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, count))
    if starts_alone(count, failures, attempts):
        assert count - failures >= 1
        assert starts_alone(count + 1, failures, attempts)
