"""The skeleton that `new` writes."""

import ast

import pytest

from sluiceway.cli.exits import Failure
from sluiceway.cli.new import package_name, skeleton


def test_a_skeleton_has_a_package_a_test_and_a_readme() -> None:
    assert set(skeleton("Order-Desk")) == {
        "pyproject.toml",
        "README.md",
        "src/order_desk/__init__.py",
        "src/order_desk/events.py",
        "src/order_desk/service.py",
        "src/order_desk/__main__.py",
        "tests/test_service.py",
    }


def test_nothing_is_left_to_fill_in_and_the_code_parses() -> None:
    for path, text in skeleton("desk").items():
        assert "$" not in text, path
        if path.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize(
    "name", ["", "9x", "a b", "-x", "x-", "a--b", "../x", "ä", "class", "Import", "x" * 51, "a\nb"]
)
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(Failure, match="NAME"):
        package_name(name)
