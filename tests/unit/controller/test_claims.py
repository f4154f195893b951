"""Of several resources with one target one decides, and everybody comes to the same answer."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from tests.support.control import resource

from sluiceway_operator.control import Claims
from sluiceway_operator.registry import Resource


def claims(*resources: Resource) -> Claims:
    made = Claims()
    for each in resources:
        made.note(each.key, each)
    return made


def on(kind: str, api_version: str, name: str, created: float) -> Resource:
    asked: dict[str, Any] = {"scaleTargetRef": {"apiVersion": api_version, "kind": kind, "name": "app"}}
    return resource(name, created=created, **asked)


def test_one_alone_decides() -> None:
    alone = resource("payments")

    assert claims(alone).ahead_of(alone) is None


def test_the_oldest_decides_in_whatever_order_they_become_known() -> None:
    first, second, third = (
        resource(name, target="app", created=at) for name, at in [("c", 1.0), ("a", 2.0), ("b", 3.0)]
    )

    for order in permutations([first, second, third]):
        known = claims(*order)
        assert [known.ahead_of(each) for each in (first, second, third)] == [None, first, first]


def test_of_two_made_at_once_the_name_decides() -> None:
    one, other = resource("a", target="app", created=1.0), resource("b", target="app", created=1.0)

    assert claims(other, one).ahead_of(other) == one


def test_another_version_of_the_same_kind_is_the_same_target_and_another_kind_is_not() -> None:
    older = on("Deployment", "apps/v1", "a", 1.0)
    same, other = on("Deployment", "apps/v1beta1", "b", 2.0), on("StatefulSet", "apps/v1", "c", 3.0)
    known = claims(older, same, other)

    assert known.ahead_of(same) == older
    assert known.ahead_of(other) is None


def test_who_gets_another_target_or_goes_claims_no_more() -> None:
    older, younger = resource("a", target="app", created=1.0), resource("b", target="app", created=2.0)
    moved = resource("a", target="elsewhere", created=1.0, generation=2)

    known = claims(older, younger, moved)
    assert known.ahead_of(younger) is None

    known.note(older.key, older)
    known.note(older.key, None)
    assert known.ahead_of(younger) is None
