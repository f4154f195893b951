"""Which connections the shop's NetworkPolicies let through, and which not."""

from __future__ import annotations

import pytest
from tests.support.helm import Chart, Manifest
from tests.support.network_policies import Address, End, Pod, allowed, pods_of

SHOP = Chart("shop")
INTERNET = Address("203.0.113.9")
REDIS = Address("192.0.2.10")
MAIL = Address("198.51.100.7")
DNS = Pod({"k8s-app": "kube-dns"}, "kube-system", {"dns": 53})
CUSTOMER = Pod({"app": "browser"}, "customers")
INGRESS = Pod({"app": "gateway"}, "ingress")
PROMETHEUS = Pod({"app": "prometheus"}, "monitoring")
NEIGHBOUR = Pod({"app": "curious"}, "shops")


class Shop:
    """A rendered chart, its pods, and the others around it."""

    def __init__(self, scenario: str) -> None:
        (values,) = [path for path in SHOP.scenarios if path.name == f"{scenario}-values.yaml"]
        self.policies: list[Manifest] = SHOP.template(values=[values])
        self.pods: dict[str, End] = {
            **pods_of(self.policies, "shops"),
            "internet": INTERNET,
            "redis": REDIS,
            "mail": MAIL,
            "dns": DNS,
            "customer": CUSTOMER,
            "ingress": INGRESS,
            "prometheus": PROMETHEUS,
            "neighbour": NEIGHBOUR,
        }

    def allows(self, source: str, target: str, port: int, protocol: str = "TCP") -> bool:
        return allowed(self.policies, self.pods[source], self.pods[target], port, protocol)


SERVICES = ("orders", "payments", "notifications")

MUST: dict[str, list[tuple[str, str, int]]] = {
    "server": [
        ("customer", "orders", 8080),
        *((service, "server", 6379) for service in SERVICES),
        *((service, "dns", 53) for service in SERVICES),
    ],
    "external": [
        ("customer", "orders", 8080),
        *((service, "redis", 6380) for service in SERVICES),
    ],
    "everything": [
        ("ingress", "orders", 8080),
        *(("prometheus", service, 8080) for service in SERVICES),
        ("notifications", "mail", 587),
        ("payments", "redis", 6379),
    ],
}
MUST_NOT: dict[str, list[tuple[str, str, int]]] = {
    "server": [
        ("customer", "payments", 8080),
        ("customer", "notifications", 8080),
        ("customer", "server", 6379),
        ("neighbour", "server", 6379),
        ("prometheus", "orders", 9090),
        ("orders", "payments", 8080),
        ("payments", "orders", 9999),
        ("orders", "internet", 443),
        ("payments", "redis", 6379),
        ("server", "internet", 443),
        ("server", "dns", 53),
        ("notifications", "mail", 587),
    ],
    "external": [
        ("payments", "redis", 6379),
        ("payments", "internet", 6380),
        ("customer", "payments", 8080),
    ],
    "everything": [
        ("customer", "orders", 8080),
        ("neighbour", "orders", 8080),
        ("payments", "mail", 587),
        ("notifications", "internet", 587),
        ("ingress", "payments", 8080),
    ],
}


@pytest.mark.parametrize(
    ("scenario", "connection"), [(scenario, each) for scenario, connections in MUST.items() for each in connections]
)
def test_what_the_shop_needs_passes(scenario: str, connection: tuple[str, str, int]) -> None:
    assert Shop(scenario).allows(*connection)


@pytest.mark.parametrize(
    ("scenario", "connection"), [(scenario, each) for scenario, connections in MUST_NOT.items() for each in connections]
)
def test_everything_else_does_not(scenario: str, connection: tuple[str, str, int]) -> None:
    assert not Shop(scenario).allows(*connection)


def test_names_are_resolved_over_udp_too() -> None:
    assert Shop("server").allows("orders", "dns", 53, "UDP")
    assert not Shop("server").allows("orders", "internet", 53, "UDP")


def test_without_policies_everything_passes() -> None:
    manifests = SHOP.template("--set", "server.enabled=true", "--set", "networkPolicy.enabled=false")

    assert [each for each in manifests if each["kind"] == "NetworkPolicy"] == []
    assert allowed(manifests, pods_of(manifests, "shops")["orders"], INTERNET, 443)
