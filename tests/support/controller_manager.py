"""The real controllers of Kubernetes beside an API server: Deployments become ReplicaSets, and these become pods.

Which pods go at a reduction is theirs to choose, as in any cluster.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hack.cluster import TOOLS, Cache, build
from tests.support.api_server import ApiServer

__all__ = ["running_controllers"]


@contextmanager
def running_controllers(api: ApiServer, folder: Path) -> Iterator[None]:
    """Start the controllers, and end them afterwards.

    Args:
        api: The API server.
        folder: For the log.
    """
    programs = build(Cache.find(), TOOLS["kubernetes"])
    with (folder / "kube-controller-manager.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(programs / "kube-controller-manager", "--kubeconfig", api.kubeconfig),
                *("--controllers=deployment-controller,replicaset-controller", "--leader-elect=false"),
                *("--secure-port=0", "--bind-address=127.0.0.1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()
