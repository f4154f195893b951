"""KEDA's redis-streams scaler in front of a HorizontalPodAutoscaler."""

import math
from dataclasses import dataclass

from typing_extensions import override

from .policy import Policy, Seen

__all__ = ["DEFAULT", "TUNED", "HpaPolicy", "HpaSettings"]


@dataclass(frozen=True, slots=True)
class HpaSettings:
    """KEDA's `pollingInterval` and `cooldownPeriod`, and the HPA's `behavior`.

    Args:
        polling_seconds: How often KEDA looks whether there is anything, which decides between none and one.
        cooldown_seconds: How long there must have been nothing before the last replica goes.
        window_seconds: The HPA's `scaleDown.stabilizationWindowSeconds`.
        most_added: Pods that a step may add, or twice as many if that is more.
        sync_seconds: How often the HPA decides (`--horizontal-pod-autoscaler-sync-period`).
    """

    polling_seconds: float = 30.0
    cooldown_seconds: float = 300.0
    window_seconds: float = 300.0
    most_added: int = 4
    sync_seconds: float = 15.0


DEFAULT = HpaSettings()
TUNED = HpaSettings(polling_seconds=1.0, cooldown_seconds=5.0, window_seconds=0.0, most_added=100)
"""As quick as its settings allow; the HPA's own interval is the control plane's, not a user's."""

_TOLERANCE = 0.1


class HpaPolicy(Policy):
    """From none to one by KEDA, everything else by the HPA from the lag.

    For an external metric with an AverageValue, desired = ceil(metric / target), skipped while
    |metric / (target x replicas) - 1| <= 0.1; the highest recommendation of the window holds against a reduction; a step
    up adds at most 100 % or 4 pods within 15 s.

    Sources: Kubernetes, "Horizontal Pod Autoscaling" (algorithm details, default behavior), KEPs 853 and 4951; KEDA,
    "Scaling Deployments" (activation and scaling phases) and `redis_streams_scaler.go` (lag is what is not delivered).

    Args:
        lag_per_replica: The scaler's `lagCount`.
        most: `maxReplicaCount`.
        settings: How quick it is.
    """

    first = 0
    interval_seconds = 1.0
    wakes = False

    def __init__(self, lag_per_replica: float, most: int, settings: HpaSettings = DEFAULT) -> None:
        self._target = lag_per_replica
        self._most = most
        self._settings = settings
        self._poll_due = self._sync_due = 0.0
        self._active_at = -math.inf
        self._recommendations: list[tuple[float, int]] = []

    @override
    def decide(self, seen: Seen) -> int:
        replicas = seen.asked
        if seen.at >= self._poll_due:
            self._poll_due = seen.at + self._settings.polling_seconds
            if seen.lag > 0:
                self._active_at = seen.at
                replicas = max(replicas, 1)
            elif replicas and seen.at - self._active_at >= self._settings.cooldown_seconds:
                self._recommendations = []
                return 0
        if seen.at >= self._sync_due:
            self._sync_due = seen.at + self._settings.sync_seconds
            if seen.asked:
                replicas = self._synced(seen)
        return replicas

    def _synced(self, seen: Seen) -> int:
        wanted = seen.asked
        if abs(seen.lag / (self._target * seen.asked) - 1) > _TOLERANCE:
            wanted = min(max(math.ceil(seen.lag / self._target), 1), self._most)
        self._recommendations = [
            (at, count) for at, count in self._recommendations if seen.at - at < self._settings.window_seconds
        ]
        self._recommendations.append((seen.at, wanted))
        if wanted < seen.asked:
            return min(max(count for _, count in self._recommendations), seen.asked)
        return min(wanted, max(seen.asked * 2, seen.asked + self._settings.most_added))
