"""No autoscaling at all."""

from typing_extensions import override

from .policy import Policy, Seen

__all__ = ["FixedPolicy"]


class FixedPolicy(Policy):
    """Always so many.

    Args:
        replicas: That many.
    """

    interval_seconds = 3600.0
    wakes = False

    def __init__(self, replicas: int) -> None:
        self.first = replicas

    @override
    def decide(self, seen: Seen) -> int:
        return self.first
