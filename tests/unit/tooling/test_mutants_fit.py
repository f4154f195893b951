"""Every seeded defect fits the code as it is: a change that leaves one behind is noticed at once, not at the next full run."""

import pytest
from tests.support.mutants.catalogue import all_mutants
from tests.support.mutants.mutant import Mutant
from tests.support.mutants.operator_catalogue import OPERATOR_MUTANTS
from tests.support.repository import ROOT

PACKAGE = ROOT / "services/sdk/src/sluiceway"
OPERATOR = ROOT / "operator/src/sluiceway_operator"


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda mutant: mutant.name)
def test_the_text_that_a_defect_replaces_is_there_once(mutant: Mutant) -> None:
    assert mutant.changed(PACKAGE) != (PACKAGE / mutant.file).read_text()


@pytest.mark.parametrize("mutant", OPERATOR_MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_that_a_defect_of_the_operator_replaces_is_there_once(mutant: Mutant) -> None:
    assert mutant.changed(OPERATOR) != (OPERATOR / mutant.file).read_text()


@pytest.mark.parametrize("mutant", [*all_mutants(), *OPERATOR_MUTANTS], ids=lambda mutant: mutant.name)
def test_the_tests_that_must_notice_a_defect_are_there(mutant: Mutant) -> None:
    for node in mutant.tests:
        file, _, name = node.partition("::")
        function = name.partition("[")[0].rpartition("::")[2]
        text = (ROOT / file).read_text()

        # A whole file may be named as well.
        assert not function or f"def {function}(" in text, node
