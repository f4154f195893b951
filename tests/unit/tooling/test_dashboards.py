"""The dashboard's structure, as Grafana's schema of its version has it. That Grafana shows it well is not tested."""

from __future__ import annotations

import pytest
from tests.support.monitoring import board

PANELS = board()["panels"]
SHOWN = [panel for panel in PANELS if panel["type"] != "row"]


def test_panels_have_ids_of_their_own_and_lie_side_by_side() -> None:
    ids = [panel["id"] for panel in PANELS]
    cells = [
        (x, y)
        for panel in PANELS
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(set(ids)) == len(ids)
    assert len(set(cells)) == len(cells)
    assert {x for x, _ in cells} == set(range(24))


@pytest.mark.parametrize("panel", SHOWN, ids=lambda panel: f"{panel['title']} {panel['id']}")
def test_a_panel_says_what_it_shows_in_which_unit_from_the_chosen_prometheus(panel: dict[str, object]) -> None:
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]  # type: ignore[index]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    references = [target["refId"] for target in panel["targets"]]  # type: ignore[attr-defined]
    assert len(set(references)) == len(references) > 0


def test_variables_that_expressions_use_are_those_that_the_board_has() -> None:
    variables = {variable["name"] for variable in board()["templating"]["list"]}

    assert variables == {"datasource", "namespace", "name", "server"}
    assert board()["schemaVersion"] >= 36
    assert board()["id"] is None
