"""Where the nodes of a cluster run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

__all__ = ["Home"]


class Home(Protocol):
    """A container engine, set up for the nodes of one cluster."""

    @property
    def state(self) -> dict[str, str]:
        """What has to be remembered so that this home can be found again."""
        ...

    @property
    def environment(self) -> dict[str, str]:
        """The variables that kind needs to find the engine."""
        ...

    def command(self, *words: str | Path) -> Sequence[str | Path]:
        """Return the command that runs `words` where the engine and the nodes are reached."""
        ...

    def prepare(self) -> str:
        """Make everything ready for nodes and return the name of their image."""
        ...

    def open_door(self, kubectl: Path, kubeconfig: Path) -> None:
        """Make the kubeconfig that kind wrote work from this machine."""
        ...

    def remove(self) -> None:
        """Remove what `prepare` made for this cluster alone, and whatever still runs in it."""
        ...
