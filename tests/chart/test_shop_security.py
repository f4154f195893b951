"""What the shop's pods may do: nothing beyond their work."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.helm import Chart, Manifest

import shop_notifications
import shop_orders
import shop_payments
from shop_events.settings import ServiceSettings
from sluiceway import RedisSettings

SETTINGS: dict[str, type[ServiceSettings]] = {
    "ORDERS": shop_orders.Settings,
    "PAYMENTS": shop_payments.Settings,
    "NOTIFICATIONS": shop_notifications.Settings,
}

RENDERED = {
    "server": ("--set", "server.enabled=true"),
    "external": ("--set", "redis.url=redis://redis:6379", "--set", "redis.existingSecret=login"),
}


@pytest.fixture(params=list(RENDERED.values()), ids=list(RENDERED))
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return Chart("shop").template(*request.param)


def of(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    found = [manifest for manifest in manifests if manifest["kind"] in kinds]
    assert found
    return found


def pods(manifests: list[Manifest]) -> list[dict[str, Any]]:
    return [each["spec"]["template"]["spec"] for each in of(manifests, "Deployment", "StatefulSet")]


def test_pods_meet_the_restricted_standard(manifests: list[Manifest]) -> None:
    for pod in pods(manifests):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_no_pod_can_talk_to_the_api_server(manifests: list[Manifest]) -> None:
    for pod in pods(manifests):
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] != "default"
    assert {each["automountServiceAccountToken"] for each in of(manifests, "ServiceAccount")} == {False}
    assert {each["kind"] for each in manifests}.isdisjoint({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})


def test_every_container_has_a_memory_limit_and_all_probes(manifests: list[Manifest]) -> None:
    for pod in pods(manifests):
        for container in pod["containers"]:
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
            assert container.keys() >= {"startupProbe", "readinessProbe", "livenessProbe"}


def test_a_pod_has_time_to_finish_what_it_began(manifests: list[Manifest]) -> None:
    grace = 25  # of a service, see sluiceway.Service

    assert all(pod["terminationGracePeriodSeconds"] > grace for pod in pods(manifests))


def test_passwords_reach_services_as_files_only(manifests: list[Manifest]) -> None:
    secrets = [value for each in manifests if each["kind"] == "Secret" for value in each["stringData"].values()]
    others = str([each for each in manifests if each["kind"] != "Secret"])

    assert not any(secret in others for secret in secrets)
    for deployment in of(manifests, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        (volume,) = [each for each in pod["volumes"] if "secret" in each]
        assert volume["secret"]["items"] == [{"key": "password", "path": "password"}]


def test_at_most_one_pod_of_a_service_is_drained_at_once(manifests: list[Manifest]) -> None:
    deployments = of(manifests, "Deployment")
    budgets = of(manifests, "PodDisruptionBudget")

    assert {each["spec"]["maxUnavailable"] for each in budgets} == {1}
    assert [each["spec"]["selector"] for each in budgets] == [each["spec"]["selector"] for each in deployments]


def test_the_server_writes_to_disk_before_it_answers_and_never_evicts() -> None:
    manifests = Chart("shop").template(*RENDERED["server"], "--set", "server.memoryMiB=500")
    (conf,) = [each["data"]["server.conf"] for each in of(manifests, "ConfigMap") if "server.conf" in each["data"]]
    lines = set(conf.splitlines())

    assert {"appendonly yes", "appendfsync always", "maxmemory 300mb", "maxmemory-policy noeviction"} <= lines


def test_certificates_reach_services_as_files_that_their_settings_name() -> None:
    manifests = Chart("shop").template(
        *RENDERED["external"], "--set", "redis.tls.caSecret=ca", "--set", "redis.tls.clientSecret=ours"
    )
    settings = {key: value for each in of(manifests, "ConfigMap") for key, value in each["data"].items()}

    for service in ("ORDERS", "PAYMENTS", "NOTIFICATIONS"):
        assert settings[f"{service}_REDIS_TLS_CA_FILE"] == "/run/secrets/redis-ca/ca.crt"
        assert settings[f"{service}_REDIS_TLS_KEY_FILE"] == "/run/secrets/redis-client/tls.key"
    for pod in pods(manifests):
        (container,) = pod["containers"]
        mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert mounted["redis-ca"] == "/run/secrets/redis-ca"
        assert {each["name"] for each in pod["volumes"]} >= {"redis-ca", "redis-client"}


def test_every_setting_that_the_chart_writes_is_one_that_the_services_read() -> None:
    known = {f"{prefix}_{name.upper()}" for prefix, model in SETTINGS.items() for name in model.model_fields}
    known |= {f"{prefix}_REDIS_{name.upper()}" for prefix in SETTINGS for name in RedisSettings.model_fields}

    for scenario in Chart("shop").scenarios:
        for each in of(Chart("shop").template(values=[scenario]), "ConfigMap"):
            written = {key for key in each["data"] if not key.endswith(".conf")}
            assert written <= known, scenario.name
