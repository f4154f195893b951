"""Nodes from kind's published image, on the Docker or podman that the machine has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .commands import attempt, run

__all__ = ["NODE_IMAGE", "OfficialNodes"]

NODE_IMAGE = "docker.io/kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed"
"""From the release notes of kind v0.33.0; the Kubernetes version is that of hack/tools/kubernetes."""

_PULL_SECONDS = 900


@dataclass(frozen=True, slots=True)
class OfficialNodes:
    """The home of such nodes.

    Args:
        engine: `docker` or `podman`.
    """

    engine: str

    @property
    def state(self) -> dict[str, str]:
        """The engine's name."""
        return {"nodes": "official", "engine": self.engine}

    @property
    def environment(self) -> dict[str, str]:
        """Tells kind which engine to use."""
        return {"KIND_EXPERIMENTAL_PROVIDER": self.engine}

    def command(self, *words: str | Path) -> Sequence[str | Path]:
        """Return the words as they are."""
        return words

    def can_pull(self) -> bool:
        """Return whether the image is here or comes when asked for."""
        return attempt([self.engine, "image", "inspect", NODE_IMAGE]) or attempt(
            [self.engine, "pull", "--quiet", NODE_IMAGE], seconds=_PULL_SECONDS
        )

    def prepare(self) -> str:
        """Pull the image."""
        if not attempt([self.engine, "image", "inspect", NODE_IMAGE]):
            run([self.engine, "pull", "--quiet", NODE_IMAGE], seconds=_PULL_SECONDS)
        return NODE_IMAGE

    def open_door(self, kubectl: Path, kubeconfig: Path) -> None:
        """Do nothing: the engine publishes the API server's port on this machine."""

    def remove(self) -> None:
        """Do nothing: kind removes its nodes, and the network named `kind` is shared with other clusters."""
