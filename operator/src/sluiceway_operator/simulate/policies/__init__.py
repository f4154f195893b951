"""Policies that say how many replicas there shall be: the operator's own, and others from what is published of them."""

from .fixed import FixedPolicy
from .hpa import HpaPolicy, HpaSettings
from .knative import KnativePolicy
from .numaflow import NumaflowPolicy
from .policy import Policy, Seen
from .sluiceway import SluicewayPolicy

__all__ = [
    "FixedPolicy",
    "HpaPolicy",
    "HpaSettings",
    "KnativePolicy",
    "NumaflowPolicy",
    "Policy",
    "Seen",
    "SluicewayPolicy",
]
