"""What the operator's pods may do on their node and in the network: nothing beyond their work."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.helm import Chart, Manifest
from tests.support.network_policies import Address, End, Pod, allowed, pods_of

CHART = Chart("sluiceway")
NAMESPACE = "sluiceway"
AROUND: dict[str, End] = {
    "dns": Pod({"k8s-app": "kube-dns"}, "kube-system", {"dns": 53}),
    "api server": Address("192.0.2.1"),
    "internet": Address("203.0.113.9"),
    "redis": Pod({"app": "redis"}, "redis"),
    "neighbour": Pod({"app": "curious"}, NAMESPACE),
    "prometheus": Pod({"app": "prometheus"}, "monitoring"),
}


def rendered(*arguments: str, scenario: str = "default") -> list[Manifest]:
    (values,) = [path for path in CHART.scenarios if path.name == f"{scenario}-values.yaml"]
    return CHART.template(*arguments, values=[values], release="sluiceway", namespace=NAMESPACE)


def only(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind]
    return found


@pytest.fixture
def pod() -> dict[str, Any]:
    spec: dict[str, Any] = only(rendered(), "Deployment")["spec"]["template"]["spec"]
    return spec


def test_its_pods_meet_the_restricted_standard(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]

    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_only_its_own_pods_get_the_token_of_its_account(pod: dict[str, Any]) -> None:
    account = only(rendered(), "ServiceAccount")

    assert pod["serviceAccountName"] == account["metadata"]["name"] != "default"
    assert pod["automountServiceAccountToken"] is True
    assert account["automountServiceAccountToken"] is False


def test_its_container_has_a_memory_limit_and_all_probes(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]

    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
    assert {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")} == {"/healthz"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_a_second_pod_waits_to_take_over_and_one_at_a_time_is_drained() -> None:
    manifests = rendered()
    deployment, budget = only(manifests, "Deployment"), only(manifests, "PodDisruptionBudget")

    assert deployment["spec"]["replicas"] == 2
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]


def test_a_single_pod_has_no_budget_that_would_hold_up_a_drain() -> None:
    assert "PodDisruptionBudget" not in {each["kind"] for each in rendered("--set", "replicas=1")}


def test_it_is_told_which_namespaces_it_serves() -> None:
    deployment = only(rendered("--set", "watchNamespaces={orders,payments}"), "Deployment")

    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["run", "--lease=sluiceway", "--namespaces=orders,payments"]


@pytest.mark.parametrize(
    ("scenario", "source", "target", "port", "passes"),
    [
        ("default", "operator", "dns", 53, True),
        ("default", "operator", "api server", 443, True),
        ("default", "operator", "api server", 6443, True),
        ("default", "operator", "redis", 6379, True),
        ("default", "operator", "redis", 26379, True),
        ("default", "operator", "internet", 80, False),
        ("default", "operator", "internet", 25, False),
        ("default", "neighbour", "operator", 8080, False),
        ("default", "prometheus", "operator", 8080, False),
        ("everything", "operator", "api server", 6443, True),
        ("everything", "operator", "api server", 443, False),
        ("everything", "operator", "internet", 6443, False),
        ("everything", "operator", "redis", 7000, True),
        ("everything", "operator", "redis", 6379, False),
        ("everything", "operator", "internet", 7000, False),
        ("everything", "prometheus", "operator", 8080, True),
        ("everything", "prometheus", "operator", 9090, False),
        ("everything", "neighbour", "operator", 8080, False),
    ],
)
def test_it_reaches_and_is_reached_by_what_it_needs_and_nothing_else(
    scenario: str, source: str, target: str, port: int, *, passes: bool
) -> None:
    manifests = rendered(scenario=scenario)
    ends = {**AROUND, **pods_of(manifests, NAMESPACE)}

    assert allowed(manifests, ends[source], ends[target], port) is passes
