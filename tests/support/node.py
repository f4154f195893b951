"""Stands in for scheduler and kubelet: each pod of a Deployment is a process on this machine, with the pod's name.

Pods, and which of them go, are made and chosen by the real controllers (`controller_manager`). Here a pod is bound, its process
started, and the pod told ready. A pod that is asked to go gets SIGTERM, SIGKILL when its grace period is over, and is only gone
when its process is. A process that ends by itself is started again in its pod, at once: nobody waits for a back-off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from tests.support.api_requests import ApiRequests
from tests.support.api_server import ApiServer, Refused

__all__ = ["Container", "Node", "Seen"]

_LOOK_SECONDS = 0.01


class Container(Protocol):
    """What runs in a pod."""

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM."""
        ...

    def kill(self) -> None:
        """Send SIGKILL and wait until it is gone."""
        ...


@dataclass(slots=True)
class Seen:
    """One pod.

    Args:
        name: Its name.
        container: Its process, or the latest of them.
        going_at: When it was asked to go, in seconds of the monotonic clock; None if it never was.
        gone: Whether it is over.
    """

    name: str
    container: Container | None = None
    going_at: float | None = None
    gone: bool = False
    going: threading.Event = field(default_factory=threading.Event)
    lost: bool = False


class Node:
    """Runs all pods of a namespace while it is open.

    Args:
        api: The API server.
        namespace: The namespace.
        start: Starts the process of a pod of this name.

    Attributes:
        pods: Every pod that there ever was, by name.
    """

    def __init__(self, api: ApiServer, namespace: str, start: Callable[[str], Container]) -> None:
        self.pods: dict[str, Seen] = {}
        self._ask = ApiRequests(api)
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        self._start = start
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()
        self._watching = threading.Event()
        self._stream: Any = None
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        self._watching.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        with suppress(OSError):
            self._stream.close()
        self._watcher.join()
        for seen in self.pods.values():
            seen.going.set()
        for thread in self._threads:
            thread.join()

    def living(self) -> set[str]:
        """Return the names of the pods whose processes run."""
        return {name for name, pod in list(self.pods.items()) if pod.container is not None and pod.container.running}

    def lose(self, name: str) -> None:
        """Have a pod be gone at once, as if its machine were: its process gets SIGKILL, and nothing is told before."""
        pod = self.pods[name]
        pod.lost = True
        pod.going.set()
        while not pod.gone:
            time.sleep(_LOOK_SECONDS)

    def _watch(self) -> None:
        with self._ask.watch(f"{self._path}?watch=1") as stream:
            self._stream = stream
            self._watching.set()
            with suppress(OSError, ValueError):
                for event in stream:
                    if not self._ending.is_set() and event["type"] in {"ADDED", "MODIFIED"}:
                        self._note(event["object"])

    def _note(self, manifest: dict[str, Any]) -> None:
        metadata = manifest["metadata"]
        name = metadata["name"]
        if name not in self.pods:
            self.pods[name] = Seen(name)
            grace = float(manifest["spec"]["terminationGracePeriodSeconds"])
            thread = threading.Thread(target=self._live, args=(self.pods[name], grace), daemon=True)
            self._threads.append(thread)
            thread.start()
        if "deletionTimestamp" in metadata and self.pods[name].going_at is None:
            self.pods[name].going_at = time.monotonic()
            self.pods[name].going.set()

    def _live(self, pod: Seen, grace_seconds: float) -> None:
        """The life of one pod."""
        path = f"{self._path}/{pod.name}"
        try:
            binding = {
                "apiVersion": "v1",
                "kind": "Binding",
                "metadata": {"name": pod.name},
                "target": {"apiVersion": "v1", "kind": "Node", "name": "this"},
            }
            self._ask("POST", f"{path}/binding", binding)
            pod.container = self._start(pod.name)
            self._ask.patch(f"{path}/status", _RUNNING)
        except Refused:
            # it was deleted before it began
            pod.going.set()
        restarts = pod.container is not None
        while not pod.going.wait(_LOOK_SECONDS):
            if restarts and pod.container is not None and not pod.container.running:
                pod.container = self._start(pod.name)
        self._end(pod, grace_seconds)
        with suppress(Refused):
            self._ask("DELETE", path, {"gracePeriodSeconds": 0})
        pod.gone = True

    def _end(self, pod: Seen, grace_seconds: float) -> None:
        if pod.container is None:
            return
        if not pod.lost and not self._ending.is_set():
            pod.container.terminate()
            began = time.monotonic()
            while pod.container.running and time.monotonic() - began < grace_seconds and not self._ending.is_set():
                time.sleep(_LOOK_SECONDS)
        if pod.container.running:
            pod.container.kill()


_RUNNING = {
    "status": {
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
            for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ],
        "startTime": "2026-01-01T00:00:00Z",
    }
}
