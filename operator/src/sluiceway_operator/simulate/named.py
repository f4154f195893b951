"""Policies by name, each set as its users would set it for the same aim."""

from collections.abc import Callable
from dataclasses import dataclass

from ..resource import Scaling, Target
from .policies import FixedPolicy, HpaPolicy, KnativePolicy, NumaflowPolicy, Policy, SluicewayPolicy
from .policies.hpa import TUNED

__all__ = ["POLICIES", "Aim"]


@dataclass(frozen=True, slots=True)
class Aim:
    """What a policy is to reach.

    Args:
        within_seconds: How long an entry may wait.
        most: The most replicas.
        handler_seconds: How long a handler takes on average. The peers are told it, since their targets are entries a
            replica: this many seconds' worth of work. The operator is not told; it observes it.
    """

    within_seconds: int
    most: int
    handler_seconds: float

    @property
    def per_replica(self) -> float:
        """Entries that one replica works off within the time."""
        return max(self.within_seconds / self.handler_seconds, 1.0)


POLICIES: dict[str, tuple[str, Callable[[Aim], Policy]]] = {
    "sluiceway": (
        "the operator's decisions, all settings but maxReplicas and drainSeconds by default",
        lambda aim: SluicewayPolicy(Scaling(max_replicas=aim.most, target=Target(drain_seconds=aim.within_seconds))),
    ),
    "hpa": (
        "KEDA's lag and the HorizontalPodAutoscaler, as they come",
        lambda aim: HpaPolicy(aim.per_replica, aim.most),
    ),
    "hpa-tuned": (
        "the same, as quick as its settings allow",
        lambda aim: HpaPolicy(aim.per_replica, aim.most, TUNED),
    ),
    "numaflow": ("Numaflow's rule", lambda aim: NumaflowPolicy(aim.within_seconds, aim.most)),
    "knative": ("Knative's pod autoscaler, entries for requests", lambda aim: KnativePolicy(aim.per_replica, aim.most)),
    "fixed": ("always the most replicas", lambda aim: FixedPolicy(aim.most)),
}
"""What each policy is, and what makes it."""
