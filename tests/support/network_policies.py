"""Evaluates NetworkPolicies by the rules of the Kubernetes API, for a network that does not enforce them.

A connection passes if the source's egress and the target's ingress both allow it. A pod that no policy of a direction
selects is open in that direction. Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .helm import Manifest

__all__ = ["Address", "Pod", "allowed", "pods_of"]


@dataclass(frozen=True, slots=True)
class Pod:
    """One end of a connection inside the cluster.

    Args:
        labels: The pod's labels.
        namespace: Its namespace, which is also its namespace's only label.
        ports: Its ports' names and numbers.
    """

    labels: Mapping[str, str]
    namespace: str
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Address:
    """One end of a connection outside the cluster."""

    ip: str


End = Pod | Address


def pods_of(manifests: Iterable[Manifest], namespace: str) -> dict[str, Pod]:
    """Return a pod for each workload, by its component label."""
    pods = {}
    for manifest in manifests:
        if manifest["kind"] in {"Deployment", "StatefulSet"}:
            template = manifest["spec"]["template"]
            labels = template["metadata"]["labels"]
            containers = template["spec"]["containers"]
            ports = {port["name"]: port["containerPort"] for each in containers for port in each.get("ports", ())}
            pods[labels["app.kubernetes.io/component"]] = Pod(labels, namespace, ports)
    return pods


def allowed(policies: Iterable[Manifest], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Tell whether a connection passes."""
    known = [policy for policy in policies if policy["kind"] == "NetworkPolicy"]

    def passes(direction: str, guarded: End, peers: str, peer: End) -> bool:
        selecting = _selecting(known, direction, guarded)
        return not selecting or any(
            _is_port(rule.get("ports"), target, port, protocol)
            and _is_peer(rule.get(peers), peer, policy["metadata"]["namespace"])
            for policy in selecting
            for rule in policy["spec"].get(direction.lower()) or ()
        )

    return passes("Egress", source, "to", target) and passes("Ingress", target, "from", source)


def _selecting(policies: list[Manifest], direction: str, guarded: End) -> list[Manifest]:
    if isinstance(guarded, Address):
        return []
    return [
        policy
        for policy in policies
        if direction in policy["spec"]["policyTypes"]
        and policy["metadata"]["namespace"] == guarded.namespace
        and _selects(policy["spec"]["podSelector"], guarded.labels)
    ]


def _is_port(ports: list[Manifest] | None, target: End, port: int, protocol: str) -> bool:
    def number(wanted: int | str) -> int | None:
        if isinstance(wanted, int):
            return wanted
        return target.ports.get(wanted) if isinstance(target, Pod) else None

    return not ports or any(
        each.get("protocol", "TCP") == protocol and ("port" not in each or number(each["port"]) == port)
        for each in ports
    )


def _is_peer(peers: list[Manifest] | None, end: End, own_namespace: str) -> bool:
    return not peers or any(_matches(peer, end, own_namespace) for peer in peers)


def _matches(peer: Manifest, end: End, own_namespace: str) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return isinstance(end, Address) and (
            _within(end.ip, block["cidr"]) and not any(_within(end.ip, hole) for hole in block.get("except", ()))
        )
    if isinstance(end, Address):
        return False
    if "namespaceSelector" in peer:
        if not _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": end.namespace}):
            return False
    elif end.namespace != own_namespace:
        return False
    return _selects(peer.get("podSelector", {}), end.labels)


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        _holds(expression, labels) for expression in selector.get("matchExpressions", ())
    )


def _holds(expression: Manifest, labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case other:
            raise ValueError(f"operator {other!r}: unknown")


def _within(ip: str, cidr: str) -> bool:
    return ipaddress.ip_address(ip) in ipaddress.ip_network(cidr)
