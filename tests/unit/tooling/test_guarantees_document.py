"""docs/guarantees.md lists every promise with tests that exist and seeded defects that exist, and leaves none out."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.mutants.catalogue import all_mutants

ROOT = Path(__file__).parents[3]
PROMISES = range(1, 14)
_HEADING = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_ITEM = re.compile(r"^- `([^`]+)`", re.MULTILINE)


@dataclass(frozen=True)
class Promise:
    number: int
    title: str
    tests: tuple[str, ...]
    mutants: tuple[str, ...]


def promises() -> dict[int, Promise]:
    text = (ROOT / "docs" / "guarantees.md").read_text()
    headings = list(_HEADING.finditer(text))
    found = {}
    for place, heading in enumerate(headings):
        end = headings[place + 1].start() if place + 1 < len(headings) else len(text)
        body = text[heading.end() : end]
        _, _, lists = body.partition("Tests:")
        tests, _, mutants = lists.partition("Mutants:")
        number = int(heading[1])
        found[number] = Promise(number, heading[2], tuple(_ITEM.findall(tests)), tuple(_ITEM.findall(mutants)))
    return found


def functions_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_of_the_design_is_listed_once_and_in_order() -> None:
    assert list(promises()) == list(PROMISES)


@pytest.mark.parametrize("number", PROMISES)
def test_each_promise_names_tests_that_exist(number: int) -> None:
    promise = promises()[number]

    assert promise.tests, f"promise {number} has no tests"
    for node in promise.tests:
        file, _, name = node.partition("::")
        assert (ROOT / file).is_file(), f"promise {number}: no such file: {file}"
        if name:
            function = name.partition("[")[0].rpartition("::")[2]
            assert function in functions_in(ROOT / file), f"promise {number}: no such test: {node}"


@pytest.mark.parametrize("number", PROMISES)
def test_each_promise_has_a_seeded_defect_and_lists_all_of_them(number: int) -> None:
    seeded = {mutant.name for mutant in all_mutants() if mutant.promise == number}

    assert seeded, f"promise {number} has no seeded defect in tests/support/mutants/catalogue"
    assert set(promises()[number].mutants) == seeded
