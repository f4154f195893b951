"""`sluiceway new`: write the skeleton of a service."""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import re
import shlex
from importlib.resources import files
from pathlib import Path
from string import Template

from .command import Command, add_json_option
from .exits import Exit, Failure
from .output import Output

__all__ = ["COMMAND", "package_name", "skeleton"]

_LONGEST_NAME = 50


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="letters, digits, - and _, beginning with a letter")
    parser.add_argument("--path", metavar="FOLDER", type=Path, help="folder to make (default: NAME, here)")
    add_json_option(parser)


def _execute(options: argparse.Namespace) -> Exit:
    package = package_name(options.name)
    folder: Path = options.path or Path(options.name)
    if folder.exists():
        raise Failure(f"{folder} exists already: choose another name, or another folder with --path")
    if importlib.util.find_spec(package) is not None:
        raise Failure(f"{package!r} is an installed package already, which yours would hide: choose another name")
    texts = skeleton(options.name)
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}") from error
    blocks = [*(str(folder / name) for name in texts), "", f"next: cd {shlex.quote(str(folder))} and see README.md"]
    Output(as_json=options.json).show({"name": options.name, "path": str(folder), "files": list(texts)}, blocks)
    return Exit.OK


def package_name(name: str) -> str:
    """Return the package of a service of that name.

    Raises:
        Failure: The name cannot be one.
    """
    if len(name) > _LONGEST_NAME or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*", name):
        raise Failure(
            f"NAME {name!r}: use at most {_LONGEST_NAME} letters, digits and single - or _ between them, "
            "beginning with a letter",
            Exit.USAGE,
        )
    package = name.replace("-", "_").lower()
    if keyword.iskeyword(package):
        raise Failure(f"NAME {name!r}: {package!r} is a word of the Python language", Exit.USAGE)
    return package


def skeleton(name: str) -> dict[str, str]:
    """Return the files of a service's skeleton: path and text.

    Args:
        name: The service's name.
    """
    package = package_name(name)
    places = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "__init__.py": f"src/{package}/__init__.py",
        "events.py": f"src/{package}/events.py",
        "service.py": f"src/{package}/service.py",
        "__main__.py": f"src/{package}/__main__.py",
        "test_service.py": "tests/test_service.py",
    }
    templates = files(__package__).joinpath("skeleton")
    return {
        place: Template(templates.joinpath(f"{file}.tmpl").read_text(encoding="utf-8")).substitute(
            name=name, package=package
        )
        for file, place in places.items()
    }


COMMAND = Command(
    "new",
    """Write the skeleton of a service: a package with its events and its handler, a test of it on a real server, and a
README that says how to run both. Existing folders are left alone.

examples:
  sluiceway new greeter
  sluiceway new greeter --path services/greeter""",
    _configure,
    _execute,
)
