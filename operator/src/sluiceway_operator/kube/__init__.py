"""Kubernetes behind the ports: the rest of the operator knows no API server."""

from .api import Api, ApiFault
from .workloads import KubernetesWorkloads

__all__ = ["Api", "ApiFault", "KubernetesWorkloads"]
