"""Evaluates roles by the rules of the Kubernetes API: what an account may do, and what it is granted in all.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .helm import Manifest

__all__ = ["Call", "grants", "may"]

EVERYWHERE = "*"
"""In place of a namespace: all of them."""


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A request to the API server, or a right to make it.

    Args:
        verb: `get`, `list`, `create`, …
        group: The API group; empty for the core.
        resource: The plural, with a subresource as in `deployments/scale`.
        namespace: Where; `*` stands for everywhere.
        name: Of the object; `*` stands for any.
    """

    verb: str
    group: str
    resource: str
    namespace: str = EVERYWHERE
    name: str = "*"


def grants(manifests: Iterable[Manifest], account: str, namespace: str) -> Iterator[Call]:
    """Yield every right that the roles among the objects give to a service account of a namespace.

    Raises:
        ValueError: A role gives something by a wildcard, which cannot be told in single rights.
    """
    known = list(manifests)
    roles = {
        (each["kind"], _namespace(each), each["metadata"]["name"]): each["rules"] for each in known if "rules" in each
    }
    for binding in (each for each in known if each["kind"] in {"RoleBinding", "ClusterRoleBinding"}):
        if {"kind": "ServiceAccount", "name": account, "namespace": namespace} not in binding["subjects"]:
            continue
        where = _namespace(binding)
        ref = binding["roleRef"]
        for rule in roles[ref["kind"], where if ref["kind"] == "Role" else EVERYWHERE, ref["name"]]:
            if "*" in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}:
                raise ValueError(f"{ref['name']}: a wildcard in {rule}")
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        for name in rule.get("resourceNames", ["*"]):
                            yield Call(verb, group, resource, where, name)


def may(granted: Iterable[Call], wanted: Call) -> bool:
    """Tell whether a request passes."""
    return any(
        (right.verb, right.group, right.resource) == (wanted.verb, wanted.group, wanted.resource)
        and right.namespace in {EVERYWHERE, wanted.namespace}
        and right.name in {"*", wanted.name}
        for right in granted
    )


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", EVERYWHERE))
