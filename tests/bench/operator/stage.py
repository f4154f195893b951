"""Where the operator is measured: an API server, a Redis, Deployments, StreamConsumers and operators as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import redis
from tests.bench.contender import BenchError
from tests.support.api_server import ApiServer, running_api_server
from tests.support.manifests import deployment, stream_consumer
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

__all__ = ["NAMESPACE", "Operator", "Stage", "stage", "until"]

NAMESPACE = "bench"
_LONGEST_SECONDS = 600.0
_AT_ONCE = 500


def until(condition: Callable[[], Any], what: str, seconds: float = _LONGEST_SECONDS, pause: float = 0.02) -> float:
    """Wait for a condition and return the seconds that it took.

    Raises:
        BenchError: It never came.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise BenchError(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
    return time.monotonic() - began


@dataclass(slots=True)
class Operator:
    """One operator as a process."""

    process: psutil.Popen

    def cpu_seconds(self) -> float:
        """Return user and system time so far."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def rss_mib(self) -> float:
        """Return its resident memory."""
        return float(self.process.memory_info().rss / 2**20)

    def kill(self) -> None:
        """End it without a chance to free its Lease."""
        with suppress(psutil.NoSuchProcess):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass(slots=True)
class Stage:
    """What runs.

    Args:
        api: The API server.
        server: The Redis that streams are on.
        folder: For manifests and logs.
    """

    api: ApiServer
    server: EmbeddedServer
    folder: Path
    operators: list[Operator] = field(default_factory=list)
    client: redis.Redis = field(init=False)

    def __post_init__(self) -> None:
        self.client = redis.Redis.from_url(self.server.url)

    def operator(self, identity: str | None = None) -> Operator:
        """Start an operator.

        Args:
            identity: Its pod's name; None: one of its own, so that it is another candidate for the same Lease.
        """
        number = len(self.operators) + 1
        words = ("--namespaces", NAMESPACE, "--lease-namespace", NAMESPACE, "--host", "127.0.0.1")
        with (self.folder / f"operator-{number}.log").open("wb") as log:
            process = psutil.Popen(
                [
                    *(sys.executable, "-m", "sluiceway_operator", "run", "--kubeconfig", str(self.api.kubeconfig)),
                    *(*words, "--port", str(free_port())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "POD_NAME": identity or f"operator-{number}"},
            )
        started = Operator(process)
        self.operators.append(started)
        return started

    def create(self, names: list[str], **spec: Any) -> None:
        """Make Deployments at zero, and a StreamConsumer for each: stream, group and target are called alike."""
        for start in range(0, len(names), _AT_ONCE):
            items = [
                one
                for name in names[start : start + _AT_ONCE]
                for one in (
                    deployment(NAMESPACE, name),
                    stream_consumer(NAMESPACE, name, self.server.url, name, **spec),
                )
            ]
            self.api("create", "--filename", "-", given={"apiVersion": "v1", "kind": "List", "items": items})

    def add(self, stream: str, count: int) -> None:
        """Append entries in one moment, so that no look falls between two of them."""
        pipeline = self.client.pipeline(transaction=True)
        for number in range(count):
            pipeline.xadd(stream, {"n": number})
        pipeline.execute()

    def ready(self) -> int:
        """Count the StreamConsumers that were told to be ready."""
        path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
        return self.api("--namespace", NAMESPACE, "get", "strc", "--output", f"jsonpath={path}").split().count("True")

    def holder(self) -> str:
        """Return who holds the Lease; empty if nobody does."""
        path = "jsonpath={.items[?(@.metadata.name=='sluiceway-operator')].spec.holderIdentity}"
        return self.api("--namespace", NAMESPACE, "get", "lease", "--output", path)

    def rests(self, name: str) -> bool:
        """Tell whether a target is at zero and the operator says that there is no work for it."""
        status = self.json("get", "strc", name).get("status", {}).get("replicas", {})
        return bool(status.get("reason") == "Idle" and status.get("current") == 0)

    def json(self, *words: str) -> Any:
        """Run kubectl in the namespace and read what it says."""
        return json.loads(self.api("--namespace", NAMESPACE, *words, "--output", "json"))


@contextmanager
def stage() -> Iterator[Stage]:
    """Start an API server and a Redis, and end them with every operator afterwards."""
    with TemporaryDirectory(prefix="sluiceway-bench-") as folder, running_api_server(Path(folder)) as api:
        api("apply", "--server-side", "--filename", str(ROOT / "k8s/crds/streamconsumers.yaml"))
        api("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev")
        api("create", "namespace", NAMESPACE)
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": NAMESPACE},
        }
        api.apply(account)
        server = EmbeddedServer(append_only=False)
        server.start()
        made = Stage(api, server, Path(folder))
        try:
            yield made
        finally:
            for operator in made.operators:
                operator.kill()
            made.client.close()
            server.close()
