"""What docs/operations/security.md says of the operator's rights is what it asks of the API server."""

from __future__ import annotations

import re

from tests.support.operator_requests import LEADING, USED
from tests.support.rbac import Call
from tests.support.repository import ROOT

PAGE = (ROOT / "docs/operations/security.md").read_text()


def documented() -> set[tuple[str, str, str]]:
    """The rows of the page's table: verb, group and resource."""
    rows = re.findall(r"^\| [^|`]+ \| (`[^|]+) \| ([a-z, ]+) \|$", PAGE, re.MULTILINE)
    found = set()
    for where, verbs in rows:
        resources, _, group = where.partition(" of ")
        for resource in re.findall("`([^`]+)`", resources):
            found |= {(verb, group.strip("`"), resource) for verb in verbs.split(", ")}
    return found


def rights(calls: list[Call]) -> set[tuple[str, str, str]]:
    return {(call.verb, call.group, call.resource) for call in calls}


def test_the_table_holds_every_request_of_the_operator_and_no_other() -> None:
    assert documented() == rights([call for calls in USED.values() for call in calls])


def test_what_leading_takes_is_told_beside_it() -> None:
    assert rights(LEADING) == {(verb, "coordination.k8s.io", "leases") for verb in ("create", "get", "update")}
    assert "`leases` of `coordination.k8s.io`, create, and get and update of the one that has its name" in PAGE
