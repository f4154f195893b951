"""What the pages about operating say to ask with kubectl, asked on a real API server."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer, Refused
from tests.support.page_commands import commands_of
from tests.support.repository import ROOT

NAMESPACE = "shops"
NOT_RUN = {"logs": "an API server without nodes has no logs of pods"}
COMMANDS = [words for words in commands_of("kubectl", "troubleshooting") if words[0] not in NOT_RUN]


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
    return api_server


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_question_is_one_that_kubectl_and_the_api_server_understand(shops: ApiServer, words: list[str]) -> None:
    try:
        shops(*words)
    except Refused as refused:
        # "no" is an answer, too
        if words[:2] != ["auth", "can-i"] or str(refused):
            raise
