"""An environment in which a changed copy of the package is what every Python process imports."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .mutant import MutantError

__all__ = ["GUARD", "Overlay", "overlay"]

GUARD = "mutant_guard"
"""Name of the pytest plugin (guard.py) in every overlay."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Where the copy is, and the interpreter that imports it."""

    package: Path
    python: Path
    environment: Mapping[str, str]


@contextmanager
def overlay(source: Path, package: str, folder: Path) -> Iterator[Overlay]:
    """Copy a source tree and make an environment on top of the running one in which the copy comes first.

    The members are installed editable, so the real tree is on every interpreter's path. A virtual environment of its
    own, whose only content puts the copy before all that, wins also in processes which tests start with
    `sys.executable` and an environment of their own; PYTHONPATH wins in those that name another interpreter.

    Args:
        source: The `src` folder.
        package: The package in it that is to be changed.
        folder: Where all of this goes; made here and removed at the end.

    Raises:
        MutantError: The copy is not what gets imported.
    """
    copy = folder / "src"
    home = folder / "venv"
    try:
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        venv.create(home, with_pip=False, symlinks=True)
        (site_packages,) = (home / "lib").glob("python*/site-packages")
        below = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
        (site_packages / "overlay.pth").write_text("\n".join([str(copy), *below]) + "\n")
        shutil.copy(Path(__file__).with_name("guard.py"), site_packages / f"{GUARD}.py")
        made = Overlay(copy / package, home / "bin" / "python", _environment(copy))
        for environment in (made.environment, {}):
            _check(made, package, environment)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(copy: Path) -> dict[str, str]:
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(copy), *([before] if before else [])])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _check(made: Overlay, package: str, environment: Mapping[str, str]) -> None:
    """Ask an interpreter of the overlay what it would import, without running the (perhaps broken) package."""
    question = f"import importlib.util, json; print(json.dumps(importlib.util.find_spec({package!r}).origin))"
    answer = subprocess.run(
        [made.python, "-c", question], env=dict(environment), capture_output=True, text=True, check=True
    )
    origin = Path(json.loads(answer.stdout))
    if not origin.is_relative_to(made.package):
        raise MutantError(f"the copy of {package} is not what gets imported, but {origin}: no mutant can be judged")
