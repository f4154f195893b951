"""The processes of a chain, and what they have used."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

from shop_demo.supervisor import Supervisor
from sluiceway.embedded import EmbeddedServer

__all__ = ["cpu_seconds", "processes_of"]


def processes_of(supervisor: Supervisor, server: EmbeddedServer) -> dict[str, psutil.Process]:
    """Return the services' processes and the server's, by name."""
    found = {state.name: psutil.Process(state.pid) for state in supervisor.states()}
    return {**found, "server": psutil.Process(server.pid)}


def cpu_seconds(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    """Return user and system time so far, by process."""
    used = {}
    for name, process in processes.items():
        times = process.cpu_times()
        used[name] = times.user + times.system
    return used
