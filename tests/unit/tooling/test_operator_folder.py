"""The folder operator/ has the name of a module of the standard library and must never be taken for it."""

import operator
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.support.repository import ROOT


def test_operator_is_the_standard_librarys_in_this_process() -> None:
    assert Path(operator.__file__).is_relative_to(sysconfig.get_path("stdlib"))


def test_operator_is_the_standard_librarys_in_a_python_started_at_the_root() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "import operator; print(operator.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert Path(shown.stdout.strip()).is_relative_to(sysconfig.get_path("stdlib"))


@pytest.mark.parametrize("pattern", ["__init__.py", "**/conftest.py", "**/test_*.py", "**/*_test.py"])
def test_the_folder_holds_nothing_that_would_make_python_or_pytest_import_it(pattern: str) -> None:
    assert list((ROOT / "operator").glob(pattern)) == []
