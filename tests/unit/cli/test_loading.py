"""Objects named as module:name."""

from pathlib import Path

import pytest

from sluiceway.cli.exits import Failure
from sluiceway.cli.loading import load_object


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    return tmp_path


def test_a_module_of_the_working_directory_is_found(folder: Path) -> None:
    (folder / "loading_found.py").write_text("class Holder:\n    service = 42\n")

    assert load_object("loading_found:Holder.service", "service") == 42


@pytest.mark.parametrize("reference", ["", "module", "module:", ":name", "mod ule:name", "a..b:c", "../x:y", "m:a:b"])
def test_what_is_no_reference_is_refused_with_an_example(reference: str) -> None:
    with pytest.raises(Failure, match="write module:name"):
        load_object(reference, "service")


def test_a_missing_module_is_told_from_one_that_a_module_misses(folder: Path) -> None:
    (folder / "loading_needs.py").write_text("import a_package_that_nobody_has\n")

    with pytest.raises(Failure, match="there is no module 'loading_missing'"):
        load_object("loading_missing:service", "service")
    with pytest.raises(
        Failure, match=r"importing loading_needs failed: .*a_package_that_nobody_has.*loading_needs.py:1"
    ):
        load_object("loading_needs:service", "service")


def test_a_module_that_fails_is_told_with_the_place(folder: Path) -> None:
    (folder / "loading_broken.py").write_text("x = 1\nraise RuntimeError('two\\nlines')\n")
    (folder / "loading_syntax.py").write_text("x =\n")

    with pytest.raises(Failure, match=r"RuntimeError: two lines \(.*loading_broken.py:2\)"):
        load_object("loading_broken:service", "service")
    with pytest.raises(Failure, match=r"SyntaxError: .*loading_syntax.py:1"):
        load_object("loading_syntax:service", "service")


def test_a_missing_name_is_told_with_those_that_are_there(folder: Path) -> None:
    (folder / "loading_names.py").write_text("service = 1\n")

    with pytest.raises(Failure, match="has no 'servcie'; it has service"):
        load_object("loading_names:servcie", "service")


def test_a_setting_that_does_not_fit_is_told_without_its_value(folder: Path) -> None:
    (folder / "loading_settings.py").write_text(
        "import pydantic\nclass Settings(pydantic.BaseModel):\n    port: int\nSettings(port='hunter2')\n"
    )

    with pytest.raises(Failure) as caught:
        load_object("loading_settings:service", "service")

    assert "port: Input should be a valid integer" in str(caught.value)
    assert "hunter2" not in str(caught.value)
