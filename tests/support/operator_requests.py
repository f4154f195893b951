"""What the operator asks of the API server, by its purpose; the chart's roles are held to it."""

from __future__ import annotations

from .rbac import Call

__all__ = ["LEADING", "NEVER", "USED"]

_CONSUMERS, _LEASES = ("sluiceway.dev", "streamconsumers"), ("coordination.k8s.io", "leases")

USED = {
    "StreamConsumers are watched and told what was seen and decided": [
        *(Call(verb, *_CONSUMERS) for verb in ("get", "list", "watch", "patch")),
        Call("patch", "sluiceway.dev", "streamconsumers/status"),
    ],
    "targets are read and scaled": [
        Call(verb, "apps", f"{kind}/scale")
        for kind in ("deployments", "replicasets", "statefulsets")
        for verb in ("get", "update")
    ],
    "pods are told apart and spared when they hold work": [Call("list", "", "pods"), Call("patch", "", "pods")],
    "another autoscaler is noticed": [Call("list", "autoscaling", "horizontalpodautoscalers")],
    "transitions are told": [Call("create", "events.k8s.io", "events")],
    "logins and certificates are read": [Call("get", "", "secrets")],
}
"""In a namespace that it serves: every request of sluiceway_operator.kube."""

LEADING = [
    Call("create", *_LEASES),
    Call("get", *_LEASES, name="sluiceway"),
    Call("update", *_LEASES, name="sluiceway"),
]
"""In its own namespace, for a release named `sluiceway`."""

NEVER = [
    Call("create", *_CONSUMERS),
    Call("delete", *_CONSUMERS),
    Call("list", "", "secrets"),
    Call("watch", "", "secrets"),
    Call("update", "", "secrets"),
    Call("create", "", "pods"),
    Call("delete", "", "pods"),
    Call("create", "", "pods/exec"),
    Call("update", "apps", "deployments"),
    Call("patch", "apps", "deployments"),
    Call("list", "", "namespaces"),
    Call("create", "rbac.authorization.k8s.io", "rolebindings"),
    Call("impersonate", "", "serviceaccounts"),
    Call("update", *_LEASES, name="kube-scheduler"),
]
"""Some of what it has no use for, anywhere."""
