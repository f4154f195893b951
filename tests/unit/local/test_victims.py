"""Who goes when replicas are to be fewer: the order of a ReplicaSet."""

from __future__ import annotations

import pytest

from sluiceway_operator.local.victims import Candidate, choose

OLD, NEW, WAITING = Candidate("old", True, 1.0), Candidate("new", True, 2.0), Candidate("waiting", False, 0.0)


def test_who_holds_least_goes() -> None:
    assert choose([OLD, NEW], 1, {"old": 3, "new": 7}) == ["old"]


def test_of_those_that_hold_the_same_the_youngest_goes() -> None:
    assert choose([OLD, NEW], 1, {"old": 3, "new": 3}) == ["new"]


def test_what_does_not_run_goes_before_all_others_whatever_it_holds() -> None:
    assert choose([OLD, WAITING, NEW], 2, {"waiting": 9}) == ["waiting", "new"]


def test_who_nobody_says_anything_of_holds_nothing() -> None:
    assert choose([OLD, NEW], 1, {"new": 1}) == ["old"]


@pytest.mark.parametrize("count", [0, -2])
def test_nobody_goes_when_nobody_has_to(count: int) -> None:
    assert choose([OLD, NEW], count, {}) == []
