"""docs/operations/troubleshooting.md explains every reason that the operator gives, and none that does not exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.repository import ROOT

from sluiceway_operator.control import ConditionType
from sluiceway_operator.decide import Limit, Reason

PAGE = (ROOT / "docs/operations/troubleshooting.md").read_text()
OPERATOR = ROOT / "operator/src/sluiceway_operator"

_WHERE_REASONS_ARE = {"Fact": 1, "problem": 1, "Unknown": 0, "ServerUnknown": 0, "_tell_unknown": 1, "event": 1}
"""Calls that give a reason, and which of their arguments it is."""
_FROM_ELSEWHERE = {
    # reasons that come from a call above
    "seen.backlog.reason",
    "fact.reason",
    "condition.reason",
    "error.reason",
    "reason",
    # enumerations and scripts that are read below
    "seen.backlog.accuracy",
    "limit",
    "why",
}
_ACCURACIES = {"Exact", "Estimated"}
_ROW = re.compile(r"^\| (?P<status>[^|`]*) \| `(?P<reason>\w+)` \|(?P<cells>.*)\|$", re.MULTILINE)


def given_reasons() -> Iterator[ast.expr]:
    """Yield the arguments that are reasons, of all calls in the operator."""
    for module in sorted(OPERATOR.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                at = _WHERE_REASONS_ARE.get(name)
                if at is not None and len(node.args) > at:
                    yield node.args[at]


def parts(given: ast.expr) -> Iterator[ast.expr]:
    """Yield a reason, both of them if it is this or that."""
    if isinstance(given, ast.IfExp):
        yield from parts(given.body)
        yield from parts(given.orelse)
    else:
        yield given


def literal_reasons() -> set[str]:
    return {str(part.value) for given in given_reasons() for part in parts(given) if isinstance(part, ast.Constant)}


def script_reasons(script: Path) -> set[str]:
    """Reasons in the text of a script: words in CamelCase."""
    return set(re.findall(r"'([A-Z][a-z]+(?:[A-Z][a-z]+)+)'", script.read_text()))


def explained() -> list[str]:
    return [row["reason"] for row in _ROW.finditer(PAGE)]


def test_every_reason_is_explained_and_none_that_does_not_exist() -> None:
    reasons = (
        literal_reasons()
        | script_reasons(OPERATOR / "streams/trim.lua")
        | _ACCURACIES
        | {str(reason) for reason in (*Reason, *Limit)}
    )

    assert len(reasons) > 30
    assert {"not explained": reasons - set(explained()), "does not exist": set(explained()) - reasons} == {
        "not explained": set(),
        "does not exist": set(),
    }


def test_no_reason_comes_from_where_this_test_does_not_look() -> None:
    computed = {
        ast.unparse(part) for given in given_reasons() for part in parts(given) if not isinstance(part, ast.Constant)
    }

    assert computed - _FROM_ELSEWHERE == set()


def test_every_condition_has_a_section() -> None:
    sections = set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE))

    assert {str(kind) for kind in ConditionType} - sections == set()


def test_every_reason_says_what_it_means_what_to_look_at_and_what_to_do() -> None:
    rows = {row["reason"]: [cell.strip() for cell in row["cells"].split("|")] for row in _ROW.finditer(PAGE)}

    assert [reason for reason, cells in rows.items() if len(cells) != 3 or not all(cells)] == []
