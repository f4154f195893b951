"""The commands of the page about removing the operator, on a real API server."""

from __future__ import annotations

import json
import secrets
import shlex
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer
from tests.support.repository import ROOT

GUIDE = (ROOT / "docs/operations/uninstall.md").read_text()


def command(begin: str) -> list[str]:
    """The arguments of the guide's kubectl command that begins so."""
    (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"kubectl {begin}")]
    return shlex.split(line)[1:]


@pytest.fixture
def namespace(api_server: ApiServer) -> str:
    api_server.apply(yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text()))
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    name = f"left-{secrets.token_hex(4)}"
    api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def create(server: ApiServer, namespace: str, name: str, replicas: int | None) -> None:
    manifest: dict[str, Any] = {
        "apiVersion": "sluiceway.dev/v1alpha1",
        "kind": "StreamConsumer",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "redis": {"url": "redis://redis:6379/0"},
            "stream": "orders",
            "group": {"name": name},
            "scaleTargetRef": {"name": f"{name}-workers"},
        },
    }
    server.apply(manifest)
    if replicas is not None:
        status = json.dumps({"status": {"replicas": {"current": replicas, "desired": replicas}}})
        where = ("--namespace", namespace, "--subresource=status", "--type=merge")
        server("patch", "streamconsumer", name, *where, "--patch", status)


def test_it_names_the_targets_that_are_at_zero_and_no_others(api_server: ApiServer, namespace: str) -> None:
    for name, replicas in {"idle": 0, "busy": 3, "new": None}.items():
        create(api_server, namespace, name, replicas)

    said = api_server(*command("get streamconsumers"))

    assert [line for line in said.splitlines() if line.startswith(namespace)] == [
        f"{namespace} Deployment/idle-workers"
    ]


def test_it_takes_a_target_over(api_server: ApiServer, namespace: str) -> None:
    create(api_server, namespace, "payments", 0)

    api_server(*command("patch streamconsumer payments"), "--namespace", namespace)

    taken = json.loads(api_server("get", "streamconsumer", "payments", "--namespace", namespace, "--output", "json"))
    assert taken["spec"]["scaling"]["mode"] == "Paused"
