"""A module that has grown long holds more than one idea."""

from tests.support.repository import ROOT

LONGEST = 400


def test_no_module_of_the_sdk_has_more_than_400_lines() -> None:
    modules = {path: path.read_text().count("\n") for path in (ROOT / "services/sdk/src/sluiceway").rglob("*.py")}

    assert {str(path.relative_to(ROOT)): lines for path, lines in modules.items() if lines > LONGEST} == {}
    assert modules
