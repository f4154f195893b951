"""Kubernetes behind the ports: the rest of the operator knows no API server."""

from .accounts import fetch_account
from .api import Api, ApiFault
from .workloads import KubernetesWorkloads

__all__ = ["Api", "ApiFault", "KubernetesWorkloads", "fetch_account"]
