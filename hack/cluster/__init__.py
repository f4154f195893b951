"""Clusters for trying things out and for tests: kind, its node image where none can be pulled, the project's images."""

from .cache import Cache
from .cluster import Cluster, bring_down, bring_up, find
from .errors import ClusterError, CommandFailed, Missing
from .go_tools import TOOLS, build

__all__ = [
    "TOOLS",
    "Cache",
    "Cluster",
    "ClusterError",
    "CommandFailed",
    "Missing",
    "bring_down",
    "bring_up",
    "build",
    "find",
]
