"""Decides where the nodes of a new cluster run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from .built import PACKAGES, BuiltNodes, missing
from .cache import Cache
from .commands import attempt
from .errors import ClusterError, Missing
from .home import Home
from .official import OfficialNodes

__all__ = ["PACKAGES", "VARIABLE", "can_have_cluster", "container_engine", "home_for"]

VARIABLE = "SLUICEWAY_NODES"


def container_engine() -> str | None:
    """Return the container engine that answers here: docker, else podman, else none."""
    if shutil.which("docker") and attempt(["docker", "info"], seconds=20):
        return "docker"
    return "podman" if shutil.which("podman") else None


def home_for(cache: Cache, cluster: str, environment: Mapping[str, str] = os.environ) -> Home:
    """Return the home of a new cluster's nodes.

    The published image is used where it can be pulled; otherwise one is built. `SLUICEWAY_NODES` (`official` or
    `built`) decides without trying.

    Args:
        cache: Where built things are kept.
        cluster: The cluster's name.
        environment: Where `SLUICEWAY_NODES` is looked up.

    Raises:
        Missing: The machine has not what it takes.
        ClusterError: `SLUICEWAY_NODES` is something else.
    """
    wanted = environment.get(VARIABLE, "")
    if wanted not in {"", "official", "built"}:
        raise ClusterError(f"{VARIABLE} is {wanted!r}: say official, built, or nothing")
    if wanted == "built":
        return BuiltNodes.new(cache, cluster)
    engine = container_engine()
    if engine is None:
        if wanted == "official" or os.geteuid() != 0:
            raise Missing(
                "there is no container engine: start Docker, or install podman; without a container registry, as root,"
                f" run\n  apt-get install --no-install-recommends {PACKAGES}"
            )
        return BuiltNodes.new(cache, cluster)
    official = OfficialNodes(engine)
    if wanted == "official" or official.can_pull():
        return official
    return BuiltNodes.new(cache, cluster)


def can_have_cluster() -> bool:
    """Return whether a cluster can be created here, as far as can be told without trying to pull an image."""
    if shutil.which("go") is None:
        return False
    return not missing() or container_engine() == "docker" or (os.geteuid() != 0 and container_engine() == "podman")
