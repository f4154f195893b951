"""Several resources on one stream: nothing goes that any of them wants to keep."""

from typing import Any

import pytest

from sluiceway_operator.resource import Trim
from sluiceway_operator.streams import TrimRules, most_careful


def rules(**asked: dict[str, Any]) -> TrimRules:
    return most_careful({name: Trim.model_validate(trim) for name, trim in asked.items()})


def length(entries: int, **others: Any) -> dict[str, Any]:
    return {"policy": "Length", "maxLength": entries, **others}


def test_one_resource_has_its_way_and_nobody_is_named() -> None:
    assert rules(payments=length(5, hardMaxLength=9)) == TrimRules(keep=5, hard_cap=9)


@pytest.mark.parametrize("first", ["a", "z"])
def test_the_longer_of_two_lengths_is_kept(first: str) -> None:
    chosen = rules(**{first: length(100), "m": length(5)})

    assert (chosen.keep, chosen.by) == (100, {"maxLength": first})


def test_what_one_keeps_by_length_and_another_by_age_both_stays() -> None:
    chosen = rules(payments=length(100), reports={"policy": "Age", "maxAgeSeconds": 60}, audit={})

    assert (chosen.keep, chosen.keep_seconds) == (100, 60)
    assert chosen.by == {"maxLength": "payments", "maxAgeSeconds": "reports"}


def test_a_hard_cap_holds_only_where_all_want_one_and_then_the_greatest() -> None:
    assert rules(a={"hardMaxLength": 10}, b={"hardMaxLength": 20}).hard_cap == 20
    without = rules(a={"hardMaxLength": 10}, b={})
    assert (without.hard_cap, without.by) == (0, {"hardMaxLength": "b"})


def test_stale_groups_are_given_up_only_where_all_want_it_and_then_last() -> None:
    assert rules(a={"staleGroupSeconds": 10}, b={"staleGroupSeconds": 20}).stale_seconds == 20
    assert rules(a={"staleGroupSeconds": 10}, b={}).stale_seconds == 0
