"""Kubernetes behind the ports: the rest of the operator knows no API server."""

from .accounts import fetch_account
from .api import Api, ApiFault
from .lease import Lease, LeaseName, LeaseTimes
from .remembered import RememberedWorkloads
from .secrets import KubernetesSecrets
from .workloads import KubernetesWorkloads

__all__ = [
    "Api",
    "ApiFault",
    "KubernetesSecrets",
    "KubernetesWorkloads",
    "Lease",
    "LeaseName",
    "LeaseTimes",
    "RememberedWorkloads",
    "fetch_account",
]
