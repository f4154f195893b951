"""docs/operations/sizing.md reckons with what was measured, and with what the code does."""

from __future__ import annotations

import math
import re

import pytest
import yaml
from tests.support.repository import ROOT

from sluiceway_operator.connection import node
from sluiceway_operator.control import sweeping, waking

PAGE = (ROOT / "docs/operations/sizing.md").read_text()
MEASURED = (ROOT / "docs/performance.md").read_text()


def measured(row: str) -> float:
    """The highest of the servers in a row of the table of memory."""
    (cells,) = re.findall(rf"^\| {re.escape(row)}[^|]* \|(.+)\|$", MEASURED, re.MULTILINE)
    return max(float(cell) for cell in cells.split("|"))


@pytest.mark.parametrize(
    ("of", "row"),
    [
        ("an entry with", "an entry with"),
        ("an entry that is pending", "the same entry while it is pending"),
        ("a remembered event ID", "an event ID remembered"),
    ],
)
def test_what_it_reckons_with_is_a_little_more_than_what_was_measured(of: str, row: str) -> None:
    (reckoned,) = re.findall(rf"^\| (\d+) \| {of}", PAGE, re.MULTILINE)

    assert 1.0 <= int(reckoned) / measured(row) < 1.25


def test_the_example_is_reckoned_right() -> None:
    sums = re.findall(r"^- \w+: (.+) bytes = ([\d.]+) (MB|GB)", PAGE, re.MULTILINE)

    assert len(sums) == 3
    for product, result, unit in sums:
        factors = [int(factor.replace(",", "")) for factor in re.findall(r"[\d,]+", product)]
        assert math.prod(factors) / {"MB": 1e6, "GB": 1e9}[unit] == pytest.approx(float(result), rel=0.05)


def test_the_operators_connections_and_calls_are_those_of_the_code() -> None:
    assert f"at most {node._CONNECTIONS} to each server process" in PAGE
    assert f"up to {waking._MOST_PARTS} on all nodes" in PAGE
    assert f"up to {sweeping._GROUPS_PER_CALL} groups" in PAGE


def test_its_resources_are_those_of_the_chart() -> None:
    resources = yaml.safe_load((ROOT / "charts/sluiceway/values.yaml").read_text())["resources"]

    assert resources == {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "384Mi"}}
    assert "100m CPU and 128 MiB, and limits memory to 384 MiB" in PAGE
