"""The command line of the data plane: `sluiceway`."""

from .main import main

__all__ = ["main"]
