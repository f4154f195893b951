"""Reads the lock files in requirements/ and what the pyproject files ask for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["Pin", "asked_by_group", "asked_by_member", "member_names", "read_lock"]

_ENTRY = re.compile(r"^(\S[^\n]*?)((?: \\\n    --hash=\S+)*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked package.

    Args:
        requirement: Name, exact version and marker.
        hashes: Of the files that may be installed for it.
    """

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def version(self) -> str:
        """The exact version; empty if the lock does not give one."""
        specifiers = list(self.requirement.specifier)
        exact = len(specifiers) == 1 and specifiers[0].operator == "=="
        return specifiers[0].version if exact else ""


def read_lock(path: Path) -> dict[str, Pin]:
    """Return the pins of a lock file by canonical name."""
    text = re.sub(r"^#.*\n|^ +#.*\n", "", path.read_text(), flags=re.MULTILINE)
    pins: dict[str, Pin] = {}
    for line, hashes in _ENTRY.findall(text):
        requirement = Requirement(line)
        pins[canonicalize_name(requirement.name)] = Pin(requirement, tuple(re.findall(r"--hash=(\S+)", hashes)))
    return pins


def asked_by_member(pyproject: Path, extras: Iterable[str] | None = None) -> list[Requirement]:
    """Return a member's dependencies with those of the given extras; None: of all its extras."""
    project = _read(pyproject)["project"]
    optional: dict[str, list[str]] = project.get("optional-dependencies", {})
    texts = [*project.get("dependencies", [])]
    for extra in optional if extras is None else extras:
        texts += optional[extra]
    return [Requirement(text) for text in texts]


def asked_by_group(pyproject: Path, group: str) -> list[Requirement]:
    """Return the requirements of one dependency group."""
    return [Requirement(text) for text in _read(pyproject)["dependency-groups"][group]]


def member_names(root: Path) -> dict[str, Path]:
    """Return the workspace's own distributions, canonical name to pyproject file."""
    paths = [*root.glob("services/*/pyproject.toml"), root / "operator" / "pyproject.toml"]
    return {canonicalize_name(_read(path)["project"]["name"]): path for path in paths}


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())
