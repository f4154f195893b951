"""Finds the servers behind a URL: one, the master that sentinels name, or the nodes of a cluster."""

from .address import Location, ServerAddress, Tls, read_url, split_login
from .cluster import Cluster
from .node import Access, Node, tls_context
from .routed import Commands, Routed
from .sentinel import SentinelMaster
from .standalone import Standalone
from .topology import Topology

__all__ = [
    "Access",
    "Cluster",
    "Commands",
    "Location",
    "Node",
    "Routed",
    "SentinelMaster",
    "ServerAddress",
    "Standalone",
    "Tls",
    "Topology",
    "read_url",
    "split_login",
    "tls_context",
]
