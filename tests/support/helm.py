"""Helm as a test sees it: a chart and values in, Kubernetes objects or an error message out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .repository import ROOT

__all__ = ["CHARTS", "Chart", "Manifest", "Rejected", "find_helm"]

CHARTS = ROOT / "charts"

Manifest = dict[str, Any]
"""One Kubernetes object."""

_LONGEST_SECONDS = 60


class Rejected(Exception):
    """Helm refused the chart or its values."""


def find_helm() -> str | None:
    """Return the helm to use: the one that HELM names, the project's own, or one on the PATH."""
    own = ROOT / ".tools" / "bin" / "helm"
    return os.environ.get("HELM") or (str(own) if own.exists() else shutil.which("helm"))


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of this repository.

    Args:
        name: Its folder under charts/.
    """

    name: str

    @property
    def folder(self) -> Path:
        return CHARTS / self.name

    @property
    def scenarios(self) -> list[Path]:
        """The values files that stand for ways of using it."""
        return sorted((self.folder / "ci").glob("*-values.yaml"))

    @property
    def defaults(self) -> dict[str, Any]:
        values: dict[str, Any] = yaml.safe_load((self.folder / "values.yaml").read_text())
        return values

    def template(
        self, *arguments: str, values: Sequence[Path] = (), release: str = "shop", namespace: str = "shops"
    ) -> list[Manifest]:
        """Render the chart.

        Raises:
            Rejected: With what helm said.
        """
        files = [word for path in values for word in ("--values", str(path))]
        out = helm("template", release, str(self.folder), "--namespace", namespace, *files, *arguments)
        return [document for document in yaml.safe_load_all(out) if document]

    def lint(self, *values: Path) -> str:
        """Run helm's own checks, warnings being errors.

        Raises:
            Rejected: With what helm said.
        """
        files = [word for path in values for word in ("--values", str(path))]
        return helm("lint", "--strict", str(self.folder), *files)


def helm(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run helm and return its standard output.

    Raises:
        Rejected: It failed; with what it wrote to standard error.
    """
    program = find_helm()
    assert program is not None, "no helm: make helm"
    ended = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if ended.returncode:
        raise Rejected(ended.stderr + ended.stdout)
    return ended.stdout
