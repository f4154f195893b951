"""The values of every chart: all described, all known to its schema, and nothing known that is not there."""

from __future__ import annotations

import json

import pytest
from tests.support.helm import CHARTS, Chart
from tests.support.values import schema_paths, value_paths

EVERY_CHART = [
    pytest.param(Chart(each.parent.name), id=each.parent.name) for each in sorted(CHARTS.glob("*/Chart.yaml"))
]


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_every_value_is_described(chart: Chart) -> None:
    lines = (chart.folder / "values.yaml").read_text().splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line.rstrip().endswith(("]", "}", '"')) or line.partition(": ")[2]
        if not before.lstrip().startswith("# --") and "{cpu" not in line and "{memory" not in line
        if not line.lstrip().startswith("#")
    ]

    assert bare == []


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_the_schema_knows_exactly_the_values_that_there_are(chart: Chart) -> None:
    known = set(schema_paths(json.loads((chart.folder / "values.schema.json").read_text())))

    assert set(value_paths(chart.defaults, known)) | {"global"} == known
