"""What a consumer calls itself in its group."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping

__all__ = ["consumer_name"]


def consumer_name(environment: Mapping[str, str] | None = None) -> str:
    """Return a name that no other live process has.

    Inside Kubernetes it is the pod's name, so that the operator can tell whose entries a pod holds; a container that
    restarts in its pod keeps it and finds its own entries again. Elsewhere it is host, process and a random part.

    Args:
        environment: Stands in for the process's environment; `POD_NAME` wins, then `HOSTNAME` inside Kubernetes.
    """
    known = os.environ if environment is None else environment
    if pod := known.get("POD_NAME"):
        return pod
    if "KUBERNETES_SERVICE_HOST" in known and (host := known.get("HOSTNAME")):
        return host
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
