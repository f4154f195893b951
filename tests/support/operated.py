"""A namespace on a real API server with operators as processes: where tests of the operator's process play."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.api_server import ApiServer
from tests.support.manifests import deployment, stream_consumer
from tests.support.processes import Program, Programs
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

__all__ = ["Stage", "stage"]


@dataclass
class Stage:
    """A namespace with what a StreamConsumer needs, and operators for it."""

    api: ApiServer
    programs: Programs
    redis_url: str
    namespace: str

    def kubectl(self, *words: str) -> str:
        """Run kubectl in the namespace."""
        return self.api("--namespace", self.namespace, *words)

    def operator(self, name: str = "operator-1", port: int | None = None) -> Program:
        """Start an operator that looks after this namespace alone."""
        words = (
            "--namespaces",
            self.namespace,
            "--lease-namespace",
            self.namespace,
            "--port",
            str(port or free_port()),
        )
        return self.programs.start(
            *("-m", "sluiceway_operator", "run", "--kubeconfig", str(self.api.kubeconfig), *words),
            env={"POD_NAME": name},
        )

    def deploy(self, name: str, replicas: int = 0) -> None:
        """Make a Deployment whose pods nobody runs."""
        self.api.apply(deployment(self.namespace, name, replicas))

    def consume(self, name: str, **spec: Any) -> None:
        """Make or change a StreamConsumer of stream `orders` whose group and target are called as it is."""
        self.api.apply(self._consumer(name, **spec))

    def consume_all(self, names: list[str]) -> None:
        """Make many StreamConsumers at once."""
        items = [self._consumer(name) for name in names]
        self.api("create", "--filename", "-", given={"apiVersion": "v1", "kind": "List", "items": items})

    def replicas(self, name: str) -> int:
        """How many replicas a Deployment shall have."""
        return int(self._shown("deployment", name)["spec"]["replicas"])

    def writes(self, name: str) -> int:
        """How often a Deployment was changed since it was made: by nobody but who sets its replicas."""
        return int(self._shown("deployment", name)["metadata"]["generation"]) - 1

    def status(self, name: str) -> dict[str, Any]:
        """The status of a StreamConsumer; empty before the first."""
        found: dict[str, Any] = self._shown("strc", name).get("status", {})
        return found

    def reason(self, name: str, kind: str) -> str | None:
        """The reason of one condition; None if there is no such condition."""
        conditions = self.status(name).get("conditions", [])
        return next((each["reason"] for each in conditions if each["type"] == kind), None)

    def events(self, reason: str) -> list[str]:
        """What Events of a reason say."""
        listing = json.loads(self.kubectl("get", "events", "--field-selector", f"reason={reason}", "--output", "json"))
        return [each["message"] for each in listing["items"]]

    def _shown(self, kind: str, name: str) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "--output", "json"))
        return shown

    def _consumer(self, name: str, **spec: Any) -> dict[str, Any]:
        return stream_consumer(self.namespace, name, self.redis_url, **{"stream": "orders", **spec})


@pytest.fixture
def stage(api_server: ApiServer, programs: Programs, server: EmbeddedServer) -> Iterator[Stage]:
    api_server("apply", "--server-side", "--filename", str(ROOT / "k8s/crds/streamconsumers.yaml"))
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev")
    namespace = f"shop-{secrets.token_hex(4)}"
    api_server("create", "namespace", namespace)
    yield Stage(api_server, programs, server.url, namespace)
    # nobody removes what is in a namespace here: there are no controllers
    api_server("--namespace", namespace, "delete", "strc", "--all")
