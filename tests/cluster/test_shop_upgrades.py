"""Upgrades of the shop whose consumers are scaled by the operator, on a real API server: none of them changes a number."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

import pytest
import yaml
from tests.support.api_server import ApiServer
from tests.support.helm import CHARTS, helm
from tests.support.repository import ROOT

SCALED = "server.enabled=true,server.password=x,autoscaling.enabled=true"
FIXED = "server.enabled=true,server.password=x"


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop in a namespace of its own.

    Args:
        server: The API server.
        namespace: The namespace.
        tool: The helm that is used.
    """

    server: ApiServer
    namespace: str
    tool: str

    def helm(self, verb: str, *words: str) -> None:
        where = ("--kubeconfig", str(self.server.kubeconfig), "--namespace", self.namespace)
        chart = () if verb == "rollback" else (str(CHARTS / "shop"),)
        helm(verb, "shop", *chart, *words, *where, tool=self.tool)

    def scale(self, replicas: int) -> None:
        """As the operator does: by the scale subresource."""
        self.server("scale", "deployment", "shop-payments", f"--replicas={replicas}", "--namespace", self.namespace)

    @property
    def replicas(self) -> int:
        words = ("get", "deployment", "shop-payments", "--namespace", self.namespace, "--output", "json")
        return int(json.loads(self.server(*words))["spec"]["replicas"])


@pytest.fixture(params=["helm", "helm3"])
def shop(api_server: ApiServer, request: pytest.FixtureRequest) -> Shop:
    api_server.apply(yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text()))
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    name = f"shop-{secrets.token_hex(4)}"
    api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return Shop(api_server, name, request.param)


@pytest.mark.parametrize("replicas", [0, 7])
def test_an_upgrade_leaves_the_number_as_it_is(shop: Shop, replicas: int) -> None:
    shop.helm("install", "--set", SCALED)
    shop.scale(replicas)

    shop.helm("upgrade", "--set", SCALED, "--set", "payments.podLabels.rolled=out")

    assert shop.replicas == replicas


def test_going_back_leaves_it_too(shop: Shop) -> None:
    shop.helm("install", "--set", SCALED)
    shop.helm("upgrade", "--set", SCALED, "--set", "payments.podLabels.rolled=out")
    shop.scale(7)

    shop.helm("rollback")

    assert shop.replicas == 7


def test_turning_it_on_leaves_one_until_the_operator_looks(shop: Shop) -> None:
    shop.helm("install", "--set", FIXED)

    shop.helm("upgrade", "--set", SCALED)

    assert shop.replicas == 1
