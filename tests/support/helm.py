"""Helm as a test sees it: a chart and values in, Kubernetes objects or an error message out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hack.cluster import TOOLS, Cache, build

from .kubernetes import Kubectl
from .repository import ROOT

__all__ = ["CHARTS", "Chart", "Manifest", "Rejected", "Release", "find_helm"]

CHARTS = ROOT / "charts"

Manifest = dict[str, Any]
"""One Kubernetes object."""

_READY = "240s"
_READY_SECONDS = 300.0


class Rejected(Exception):
    """Helm refused the chart or its values."""


def find_helm(tool: str = "helm") -> str:
    """Return the helm to use: the one that HELM names, or a pinned one, which is built if it was not yet.

    Args:
        tool: `helm`, or `helm3` for the release before.
    """
    named = os.environ.get("HELM") if tool == "helm" else None
    return named or str(build(Cache.find(), TOOLS[tool]) / "helm")


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
        self,
        *arguments: str,
        values: Sequence[Path] = (),
        release: str = "shop",
        namespace: str = "shops",
        tool: str = "helm",
    ) -> list[Manifest]:
        """Render the chart.

        Args:
            arguments: Further arguments of helm.
            values: Files of values.
            release: The release's name.
            namespace: Where it would be installed.
            tool: As for `find_helm`.

        Raises:
            Rejected: With what helm said.
        """
        files = [word for path in values for word in ("--values", str(path))]
        words = ("template", release, str(self.folder), "--namespace", namespace, *files, *arguments)
        out = helm(*words, tool=tool)
        return [document for document in yaml.safe_load_all(out) if document]

    def lint(self, *values: Path) -> str:
        """Run helm's own checks, warnings being errors.

        Raises:
            Rejected: With what helm said.
        """
        files = [word for path in values for word in ("--values", str(path))]
        return helm("lint", "--strict", str(self.folder), *files)


def helm(*arguments: str, seconds: float = 60, tool: str = "helm") -> str:
    """Run helm and return its standard output.

    Args:
        arguments: What follows its name.
        seconds: Longest time.
        tool: As for `find_helm`.

    Raises:
        Rejected: It failed; with what it wrote to standard error.
    """
    ended = subprocess.run(
        [find_helm(tool), *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if ended.returncode:
        raise Rejected(ended.stderr + ended.stdout)
    return ended.stdout


@dataclass(frozen=True, slots=True)
class Release:
    """A chart installed in a namespace of a cluster.

    Args:
        kubectl: The namespace.
        name: The release's name.
        chart: Folder of the chart under charts/.
    """

    kubectl: Kubectl
    name: str
    chart: str

    def install(self, values: Mapping[str, Any], *, wait: bool = True) -> None:
        """Install it.

        Args:
            values: Its values.
            wait: Whether to wait until everything is ready.
        """
        self._change("install", values, wait=wait)

    def upgrade(self, values: Mapping[str, Any], *, wait: bool = True) -> None:
        """Upgrade it; fields that a person changed by hand are taken back."""
        self._change("upgrade", values, "--force-conflicts", wait=wait)

    def rollback(self) -> None:
        """Go back to the revision before."""
        self._helm("rollback", self.name, "--wait", "--timeout", _READY, "--force-conflicts")

    def uninstall(self, *, missing_ok: bool = False) -> None:
        """Remove it.

        Args:
            missing_ok: Whether it may be gone already.
        """
        self._helm(
            "uninstall", self.name, "--wait", "--timeout", _READY, *(("--ignore-not-found",) if missing_ok else ())
        )

    def _change(self, verb: str, values: Mapping[str, Any], *words: str, wait: bool) -> None:
        file = self.kubectl.folder / f"{self.name}-values.yaml"
        file.write_text(yaml.safe_dump(dict(values)))
        waiting = ("--wait", "--timeout", _READY) if wait else ()
        self._helm(verb, self.name, str(CHARTS / self.chart), "--values", str(file), *waiting, *words)

    def _helm(self, *words: str) -> None:
        cluster = self.kubectl.cluster
        where = ("--kubeconfig", str(cluster.kubeconfig), "--kube-context", cluster.context)
        helm(*words, *where, "--namespace", self.kubectl.namespace, seconds=_READY_SECONDS)
