"""The operator's own policy: the very code that decides in a cluster."""

from typing_extensions import override

from ...decide import History, decide_replicas, learn
from ...observation import Backlog, ConsumerSeen, Observation
from ...resource import Scaling
from .policy import Policy, Seen

__all__ = ["SluicewayPolicy"]


class SluicewayPolicy(Policy):
    """`sluiceway_operator.decide`, looking every second and woken at zero, as the operator does.

    Args:
        scaling: What is asked for.
    """

    interval_seconds = 1.0
    wakes = True

    def __init__(self, scaling: Scaling) -> None:
        self.first = scaling.min_replicas
        self._scaling = scaling
        self._history = History.empty(scaling)

    @override
    def decide(self, seen: Seen) -> int:
        holding = tuple(ConsumerSeen(f"pod-{number}", 1, 0.0) for number in range(seen.in_work))
        look = Observation(
            at=seen.at,
            replicas=seen.asked,
            backlog=Backlog(seen.lag, seen.in_work, oldest_age_seconds=seen.oldest_age),
            entries_added=seen.arrived,
            consumers=holding,
        )
        decision, self._history = decide_replicas(self._scaling, learn(self._history, self._scaling, look))
        return decision.replicas
