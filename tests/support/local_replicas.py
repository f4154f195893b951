"""Programs whose replicas say in a folder that they run: what a test sees of processes that the operator keeps."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.repository import ROOT

from sluiceway_operator.local import Program

__all__ = ["COMMAND", "Seen", "program"]

_SCRIPT = ROOT / "tests/support/programs/replica.py"
COMMAND = (sys.executable, "-I", "-S", str(_SCRIPT))


def program(name: str, folder: Path, what: str = "stay") -> Program:
    """A program of which each replica does `what`; see the script."""
    return Program(name, (*COMMAND, str(folder), what))


class Seen:
    """What replicas left in a folder.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pids(self, replica: str) -> list[int]:
        """The process IDs of all lives of a replica that became ready."""
        return [int(file.name.rpartition(".")[2]) for file in self._folder.glob(f"{replica}.[0-9]*")]

    def all_pids(self) -> list[int]:
        """The process IDs of all lives of all replicas."""
        return self.pids("*")

    def names(self) -> set[str]:
        """The names of all replicas that became ready."""
        return {file.name.partition(".")[0] for file in self._folder.glob("*.[0-9]*")}

    def told(self, replica: str) -> bool:
        """Whether a replica got SIGTERM."""
        return (self._folder / f"{replica}.told").exists()
