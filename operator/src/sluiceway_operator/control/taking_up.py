"""What a new leader takes up from the status that the one before it told, rather than learning or counting it anew. Pure."""

from dataclasses import replace

from ..decide import Capacity
from ..resource import Accuracy, Condition, StreamConsumerStatus
from .conditions import ConditionType
from .tracked import Tracked, TrimTotals

__all__ = ["take_up"]


def take_up(tracked: Tracked, told: StreamConsumerStatus | None) -> None:
    """Have a resource go on where its status stands.

    What flipped long ago did not flip with the leader, what was counted is not counted from 0 again, and what one
    replica processes is not guessed anew in the middle of a load. What is left out is safe to learn again: replicas
    that are found count as the highest recommendation of the window, and idle and waiting times begin anew, so nothing
    goes earlier than with one leader.

    Args:
        tracked: The resource, of which nothing was learned yet.
        told: Its status; None if it has none.
    """
    if told is None:
        return
    tracked.reported = told
    tracked.conditions = list(told.conditions or ())
    tracked.last_change = told.last_decision
    tracked.contest = _contest(told)
    tracked.group_seen = _group_seen(tracked, told)
    if told.trim is not None:
        tracked.totals = TrimTotals(
            removed=told.trim.trimmed_total or 0,
            lost=told.trim.lost_total or 0,
            floor=told.trim.floor or "",
            length=told.trim.length or 0,
            pinned_by=told.trim.pinned_by or "",
            why_not=_reason(told, ConditionType.TRIMMING, "False"),
        )
    per_second = told.rates.per_replica_per_second if told.rates is not None else None
    if per_second:
        tracked.history = replace(tracked.history, capacity=Capacity.taken_up(per_second))


def _contest(told: StreamConsumerStatus) -> str:
    """Return who else decides on the replicas, so that it is not told as news."""
    degraded = _condition(told, ConditionType.DEGRADED)
    return degraded.message if degraded is not None and degraded.reason == "TargetContested" else ""


def _reason(told: StreamConsumerStatus, kind: ConditionType, status: str) -> str:
    condition = _condition(told, kind)
    return condition.reason if condition is not None and condition.status == status else ""


def _condition(told: StreamConsumerStatus, kind: ConditionType) -> Condition | None:
    return next((each for each in told.conditions or () if each.type == kind), None)


def _group_seen(tracked: Tracked, told: StreamConsumerStatus) -> bool:
    """Return whether the group existed where the resource leads now; of a spec changed since then nothing is known."""
    if told.backlog is None or told.observed_generation != tracked.resource.generation:
        return False
    return told.backlog.lag is not None and told.backlog.accuracy is not Accuracy.UNKNOWN
