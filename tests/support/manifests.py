"""A Deployment whose pods nobody has an image for, and a StreamConsumer for it: what tests and benchmarks of the operator put up."""

from __future__ import annotations

from typing import Any

__all__ = ["deployment", "stream_consumer"]


def deployment(namespace: str, name: str, replicas: int = 0) -> dict[str, Any]:
    """Return a Deployment.

    Args:
        namespace: Where it is.
        name: Its name, and that of its label.
        replicas: How many it asks for.
    """
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "localhost/none"}]}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return _object("apps/v1", "Deployment", namespace, name, spec)


def stream_consumer(namespace: str, name: str, redis_url: str, stream: str, **spec: Any) -> dict[str, Any]:
    """Return a StreamConsumer whose group and target are called as it is.

    Args:
        namespace: Where it is.
        name: Its name.
        redis_url: The server.
        stream: The stream.
        spec: What else it says, or says instead.
    """
    asked = {
        "redis": {"url": redis_url},
        "stream": stream,
        "group": {"name": name},
        "scaleTargetRef": {"name": name},
        **spec,
    }
    return _object("sluiceway.dev/v1alpha1", "StreamConsumer", namespace, name, asked)


def _object(api_version: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
