"""The steps from a ScaledObject to a StreamConsumer, taken on a real API server as the page tells them."""

from __future__ import annotations

import json
import secrets
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer, Refused
from tests.support.page_commands import commands_of
from tests.support.repository import ROOT
from tests.support.snippets import blocks

from sluiceway_operator.cli import main

PAGE = (ROOT / "docs/operations/from-keda.md").read_text()
FILES = {block.file: block.text for block in blocks(PAGE.replace("   ```", "```")) if block.file}
STEPS = commands_of("kubectl", "from-keda")
SCALED_OBJECTS: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "scaledobjects.keda.sh"},
    "spec": {
        "group": "keda.sh",
        "scope": "Namespaced",
        "names": {"kind": "ScaledObject", "plural": "scaledobjects", "singular": "scaledobject"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
"""A resource of KEDA's name, for kubectl to find; KEDA itself is not here."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the files of the page."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_steps_leave_one_owner_and_never_two_that_write(api_server: ApiServer, folder: Path) -> None:
    namespace = f"keda-{secrets.token_hex(4)}"
    for file in folder.glob("*.yaml"):
        file.write_text(file.read_text().replace("namespace: shops", f"namespace: {namespace}"))
    for crd in (yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text()), SCALED_OBJECTS):
        api_server.apply(crd)
        api_server("wait", "--for=condition=Established", f"crd/{crd['metadata']['name']}", "--timeout=30s")
    api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    api_server("apply", "--filename", "scaledobject.yaml")

    for step in STEPS:
        api_server(*(namespace if word == "shops" else word for word in step))
        assert writers(api_server, namespace) <= 1, shlex.join(step)

    assert writers(api_server, namespace) == 1
    with pytest.raises(Refused, match="not found"):
        api_server("get", "scaledobject", "payments", "--namespace", namespace)


def writers(server: ApiServer, namespace: str) -> int:
    """How many of the two would scale the target now."""
    where = ("--namespace", namespace, "--output", "json")
    keda = json.loads(server("get", "scaledobjects", *where))["items"]
    ours = json.loads(server("get", "streamconsumers", *where))["items"]
    paused = "autoscaling.keda.sh/paused"
    writing = [each for each in keda if each["metadata"].get("annotations", {}).get(paused) != "true"]
    writing += [each for each in ours if each["spec"]["scaling"]["mode"] == "Automatic"]
    return len(writing)


def test_the_sample_passes_lint_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(folder / "streamconsumer.yaml")]) == 0
    assert "1 StreamConsumer, 0 errors, 0 warnings" in capsys.readouterr().out


def test_beside_the_scaled_object_it_gets_the_one_warning_that_the_page_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", str(folder / "scaledobject.yaml"), str(folder / "streamconsumer.yaml")]) == 0

    said = capsys.readouterr().out
    assert "Deployment payments is scaled by StreamConsumer payments too" in said.replace("shops/", "")
    assert "0 errors, 1 warning" in said
