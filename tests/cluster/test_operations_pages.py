"""What the pages about operating say to do with kubectl, done on a real API server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer, Refused
from tests.support.page_commands import commands_of
from tests.support.repository import ROOT

NAMESPACE = "shops"
PAGES = ("troubleshooting", "security", "backup-and-restore")
NOT_RUN = {
    "logs": "an API server without nodes has no logs of pods",
    "describe clusterrole": "tests/chart/test_operator_guide.py compares its name with that of the chart's role",
}
COMMANDS = [words for words in commands_of("kubectl", *PAGES) if not " ".join(words).startswith(tuple(NOT_RUN))]


@pytest.fixture(scope="module")
def shops(api_server: ApiServer) -> ApiServer:
    """A server with a StreamConsumer `payments` in the namespace `shops`, and the namespace of the operator."""
    api_server.apply(yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text()))
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    for name in (NAMESPACE, "sluiceway"):
        api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    sample: dict[str, Any] = yaml.safe_load((ROOT / "k8s/samples/payments.yaml").read_text())
    sample["metadata"]["namespace"] = NAMESPACE
    api_server.apply(sample)
    api_server("create", "secret", "generic", "redis-login", "--namespace", NAMESPACE)
    api_server("create", "deployment", "payments", "--image=payments", "--namespace", NAMESPACE)
    return api_server


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_is_one_that_kubectl_and_the_api_server_understand(
    shops: ApiServer, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password.txt").write_text("open sesame")
    try:
        shops(*words)
    except Refused as refused:
        # "no" is an answer, too
        if words[:2] != ["auth", "can-i"] or str(refused):
            raise
