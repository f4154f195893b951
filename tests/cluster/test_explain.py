"""`sluiceway-operator explain` on a real API server, with the rights of somebody who may view and no more."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer
from tests.support.repository import ROOT

CRD = yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text())
STATUS = {
    "observedGeneration": 1,
    "replicas": {"current": 7, "desired": 7, "wanted": 7, "reason": "DrainTime"},
    "backlog": {"lag": 1200, "pending": 80, "accuracy": "Exact", "oldestAgeSeconds": 4},
    "rates": {"arrivalsPerSecond": 900, "perReplicaPerSecond": 160},
}
VIEW = [
    {"apiGroups": ["sluiceway.dev"], "resources": ["streamconsumers"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]},
]


@pytest.fixture
def viewer(api_server: ApiServer, tmp_path: Path) -> Path:
    """The kubeconfig of an account that may view StreamConsumers and events."""
    api_server.apply(CRD)
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    name = f"viewer-{secrets.token_hex(4)}"
    rbac = "rbac.authorization.k8s.io"
    head = {"metadata": {"name": name, "namespace": "default"}}
    account = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    role = {"kind": "Role", "name": name, "apiGroup": rbac}
    api_server.apply({"apiVersion": "v1", "kind": "ServiceAccount", **head})
    api_server.apply({"apiVersion": f"{rbac}/v1", "kind": "Role", "rules": VIEW, **head})
    api_server.apply(
        {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "roleRef": role, "subjects": [account], **head}
    )
    config = yaml.safe_load(api_server.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": api_server("create", "token", name, "--namespace=default").strip()}
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.fixture
def name(api_server: ApiServer, viewer: Path) -> str:  # noqa: ARG001 - the resource is known once it is there
    """A StreamConsumer with a status and an event."""
    name = f"test-{secrets.token_hex(4)}"
    spec = {
        "redis": {"url": "redis://redis:6379"},
        "stream": "orders",
        "group": {"name": "payments"},
        "scaleTargetRef": {"name": "payments"},
        "scaling": {"maxReplicas": 20},
    }
    head = {"apiVersion": "sluiceway.dev/v1alpha1", "kind": "StreamConsumer"}
    api_server.apply({**head, "metadata": {"name": name, "namespace": "default"}, "spec": spec})
    words = ("patch", "strc", name, "--subresource=status", "--type=merge", "--patch", json.dumps({"status": STATUS}))
    api_server(*words)
    event: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.1", "namespace": "default"},
        "involvedObject": {**head, "name": name, "namespace": "default"},
        "reason": "Scaled",
        "message": "1 -> 7 replicas of Deployment default/payments, DrainTime: 1280 backlog",
        "type": "Normal",
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }
    api_server.apply(event)
    return name


def explain(viewer: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sluiceway_operator", "explain", "--kubeconfig", str(viewer), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


def test_one_command_tells_a_viewer_why_a_consumer_has_its_size(viewer: Path, name: str) -> None:
    ended = explain(viewer, name)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"default/{name}: group payments of stream orders, run by Deployment payments" in ended.stdout
    assert "7 replicas: DrainTime" in ended.stdout
    assert "(900/s + 1280 / 10 s) / 160/s = 6.425, rounded up: 7" in ended.stdout
    assert "2026-01-01T00:00:00+00:00: 1 -> 7 replicas of Deployment default/payments" in ended.stdout


def test_a_name_that_does_not_exist_and_a_namespace_that_may_not_be_seen_are_told_apart(
    viewer: Path, name: str
) -> None:
    missing, forbidden = explain(viewer, "nobody"), explain(viewer, name, "--namespace", "kube-system")

    assert (missing.returncode, forbidden.returncode) == (1, 1)
    assert "there is no StreamConsumer nobody in namespace default" in missing.stderr
    assert "cannot get resource" in forbidden.stderr
    assert "Traceback" not in missing.stderr + forbidden.stderr


def test_an_api_server_that_does_not_answer_is_unreachable(viewer: Path, tmp_path: Path) -> None:
    config = yaml.safe_load(viewer.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    nowhere = tmp_path / "nowhere"
    nowhere.write_text(yaml.safe_dump(config))

    ended = explain(nowhere, "payments")

    assert (ended.returncode, "does not answer" in ended.stderr) == (3, True)
