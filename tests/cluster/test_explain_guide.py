"""docs/operations/explain.md does what it shows, with a real API server to ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.support.api_server import ApiServer
from tests.support.processes import Programs
from tests.support.repository import ROOT
from tests.support.snippets import blocks, run_page
from tests.support.snippets.console import commands

from sluiceway_operator.explain import account_document
from sluiceway_operator.registry import Resource, ResourceKey
from sluiceway_operator.resource import ReplicasStatus, StreamConsumerSpec, StreamConsumerStatus

PAGE = ROOT / "docs/operations/explain.md"
CRD = yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text())
BUSY = {
    "observedGeneration": 1,
    "replicas": {"current": 7, "desired": 7, "wanted": 7, "reason": "DrainTime"},
    "backlog": {"lag": 1200, "pending": 80, "accuracy": "Exact", "oldestAgeSeconds": 4},
    "rates": {"arrivalsPerSecond": 900, "perReplicaPerSecond": 160},
}
EVENT = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "payments.1", "namespace": "shop"},
    "involvedObject": {
        "apiVersion": CRD["spec"]["group"] + "/v1alpha1",
        "kind": "StreamConsumer",
        "name": "payments",
        "namespace": "shop",
    },
    "reason": "Scaled",
    "message": "1 -> 7 replicas of Deployment shop/payments, DrainTime: 1280 backlog",
    "type": "Normal",
    "lastTimestamp": "2026-01-01T00:00:00Z",
}


def manifest() -> dict[str, object]:
    """The StreamConsumer of the page."""
    (file,) = (block for block in blocks(PAGE.read_text()) if block.file == "payments.yaml")
    found: dict[str, object] = next(iter(yaml.safe_load_all(file.text)))
    return found


@pytest.fixture
def cluster(api_server: ApiServer) -> ApiServer:
    """An API server with the page's StreamConsumer, busy."""
    api_server.apply(CRD)
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    api_server.apply(manifest())
    status = json.dumps({"status": BUSY})
    api_server("patch", "strc", "payments", "-n", "shop", "--subresource=status", "--type=merge", "--patch", status)
    api_server.apply(EVENT)
    return api_server


@pytest.mark.timeout(300)  # many short processes
async def test_the_page_does_what_it_shows(
    cluster: ApiServer, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    idle = StreamConsumerStatus(replicas=ReplicasStatus(current=0, desired=0, wanted=0, reason="Idle"))
    resource = Resource(
        ResourceKey("default", "payments"), "uid", 1, StreamConsumerSpec.model_validate(manifest()["spec"])
    )
    (tmp_path / ".sluiceway").mkdir()
    (tmp_path / ".sluiceway/default.payments.json").write_text(json.dumps(account_document(resource, idle)))

    assert await run_page(PAGE.name, PAGE.read_text(), tmp_path, programs, url="") == []


def test_every_command_that_changes_nothing_is_shown() -> None:
    consoles = [block.text for block in blocks(PAGE.read_text()) if block.language == "console"]
    lines = " ".join(command.line for console in consoles for command in commands(console))

    assert [name for name in ("explain", "lint", "simulate") if f"sluiceway-operator {name} " not in lines] == []
