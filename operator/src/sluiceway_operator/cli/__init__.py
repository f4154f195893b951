"""The command line of the control plane: `sluiceway-operator`."""

from .main import main

__all__ = ["main"]
