"""What is told of a resource after a step, and when it is worth telling."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..decide import Limit
from ..observation import Backlog, Observation
from ..ports import ReportFailed, Reports
from ..resource import (
    Accuracy,
    BacklogStatus,
    Condition,
    Mode,
    RatesStatus,
    ReplicasStatus,
    StreamConsumerStatus,
    TrimStatus,
)
from .conditions import ConditionType, Fact, conditions, flips
from .pod_facts import pod_facts
from .tracked import Tracked, TrimTotals

__all__ = ["Picture", "report"]

_NUMBERS_EVERY_SECONDS = 5.0
"""Numbers that only move are told this often at most; what flips or is decided is told at once."""


@dataclass(slots=True)
class Picture:
    """What one step came to know.

    Args:
        observation: The look.
        replicas: Replicas of the target now; None if it cannot be told.
        heeding: Whether the target can be told which of its replicas go first.
        facts: What is so beside what follows from the rest.
    """

    observation: Observation | None = None
    replicas: int | None = None
    heeding: bool = True
    facts: dict[ConditionType, Fact] = field(default_factory=dict)

    def problem(self, kind: ConditionType, reason: str, message: str) -> None:
        """Note something that is wrong; the first stands."""
        self.facts.setdefault(kind, Fact("True", reason, message))


async def report(tracked: Tracked, picture: Picture, reports: Reports, now: float) -> bool:
    """Tell a resource's status if it changed, numbers alone only now and then.

    Args:
        tracked: The resource.
        picture: What the step came to know.
        reports: Tells the world.
        now: Seconds of the monotonic clock.

    Returns:
        Whether nothing is left to tell.
    """
    resource = tracked.resource
    after = conditions(tracked.conditions, _facts(tracked, picture), resource.generation, datetime.now(UTC))
    flipped = flips(tracked.conditions, after)
    status = _status(tracked, picture, after)
    before = tracked.reported
    tracked.conditions = after
    await _tell_backlog(tracked, picture, flipped, reports)
    # what was taken up may not be the last that was told, so we tell it once ourselves
    first = tracked.reported_at == float("-inf")
    if status == before and not first:
        return True
    pressing = (
        before is None
        or first
        or flipped
        or _numbers(before.replicas) != _numbers(status.replicas)
        or before.last_decision != status.last_decision
        or before.observed_generation != status.observed_generation
        or _lost(before) != _lost(status)
    )
    if pressing or now - tracked.reported_at >= _NUMBERS_EVERY_SECONDS:
        try:
            await reports.status(resource, status)
        except ReportFailed:
            # it stays untold, so that the next step tells it
            return False
        tracked.reported, tracked.reported_at = status, now
        return True
    return False


async def _tell_backlog(tracked: Tracked, picture: Picture, flipped: Sequence[Condition], reports: Reports) -> None:
    """Tell once that nobody knows the backlog any more, and once that it is known again."""
    for condition in flipped:
        if condition.type != ConditionType.BACKLOG_KNOWN:
            continue
        backlog = picture.observation.backlog if picture.observation is not None else None
        if condition.status == "False":
            message = f"the backlog is not known, no replica is taken away: {condition.message}"
            await reports.event(tracked.resource, condition.reason, message, warning=True)
        elif isinstance(backlog, Backlog) and tracked.reported is not None:
            message = f"the backlog is known again: {backlog.lag} undelivered, {backlog.pending} in work"
            await reports.event(tracked.resource, "BacklogKnown", message)


def _status(tracked: Tracked, picture: Picture, after: list[Condition]) -> StreamConsumerStatus:
    resource, history, seen = tracked.resource, tracked.history, picture.observation
    known = seen.backlog if seen is not None and isinstance(seen.backlog, Backlog) else None
    old = tracked.reported.backlog if tracked.reported is not None else None
    if known is not None and seen is not None:
        backlog = BacklogStatus(
            lag=known.lag,
            pending=known.pending + known.replay,
            dead_letters=seen.dead_letters,
            accuracy=known.accuracy,
            oldest_age_seconds=int(known.oldest_age_seconds),
        )
    else:
        # the last known numbers stand, marked as such: an unknown backlog is never shown as none
        backlog = (old or BacklogStatus()).model_copy(update={"accuracy": Accuracy.UNKNOWN})
    totals, decision = tracked.totals, tracked.decision
    return StreamConsumerStatus(
        observed_generation=resource.generation,
        replicas=ReplicasStatus(
            current=picture.replicas,
            desired=decision.replicas if decision else picture.replicas,
            wanted=decision.wanted if decision else None,
            reason=decision.reason if decision else None,
        ),
        backlog=backlog,
        rates=RatesStatus(
            arrivals_per_second=round(history.arrivals_per_second),
            per_replica_per_second=round(history.capacity.per_second) if history.capacity.observed else None,
        ),
        last_decision=tracked.last_change,
        trim=TrimStatus(
            floor=totals.floor,
            length=totals.length,
            trimmed_total=totals.removed,
            lost_total=totals.lost,
            pinned_by=totals.pinned_by,
        )
        if resource.spec.trim is not None
        else None,
        conditions=after,
    )


def _numbers(replicas: ReplicasStatus | None) -> tuple[int | None, int | None] | None:
    """Return what presses: what the load asks for and by which rule may change with every look."""
    return None if replicas is None else (replicas.current, replicas.desired)


def _lost(status: StreamConsumerStatus) -> int | None:
    """Return what must not be forgotten if we end before the numbers are due."""
    return None if status.trim is None else status.trim.lost_total


def _facts(tracked: Tracked, picture: Picture) -> dict[ConditionType, Fact]:
    seen, decision, spec = picture.observation, tracked.decision, tracked.resource.spec
    facts = {
        ConditionType.TARGET_FOUND: Fact("True", "Found"),
        **pod_facts(tracked, seen, heeding=picture.heeding),
        **picture.facts,
    }
    if seen is None:
        facts[ConditionType.BACKLOG_KNOWN] = Fact("Unknown", "NotSeen", "there was no look yet")
    elif isinstance(seen.backlog, Backlog):
        facts[ConditionType.BACKLOG_KNOWN] = Fact("True", seen.backlog.accuracy)
    else:
        facts[ConditionType.BACKLOG_KNOWN] = Fact("False", seen.backlog.reason, seen.backlog.message)
    facts[ConditionType.ACTIVE] = _active(spec.scaling.mode, picture)
    limit = decision.limit if decision is not None else None
    if limit is not None and decision is not None:
        message = f"the load asks for {decision.wanted}, {_LIMITS[limit]} allows {decision.replicas}"
        facts[ConditionType.SCALING_LIMITED] = Fact("True", limit, message)
    else:
        facts[ConditionType.SCALING_LIMITED] = Fact("False", "WithinLimits")
    if spec.trim is not None:
        facts[ConditionType.TRIMMING] = _trimming(tracked.totals)
    facts.setdefault(ConditionType.DEGRADED, Fact("False", "AsExpected"))
    facts[ConditionType.READY] = _ready(facts)
    return facts


def _trimming(totals: TrimTotals) -> Fact:
    if why := totals.why_not:
        return Fact("False", why, f"nothing is removed; group {totals.pinned_by or 'none'}")
    stale = f"nobody reads {', '.join(totals.stale)}, whose old entries are not waited for" if totals.stale else ""
    if totals.by:
        named = ", ".join(f"{field} of {name}" for field, name in sorted(totals.by.items()))
        careful = f"resources on this stream differ, so what is kept is by {named}"
        return Fact("True", "MostCareful", "; ".join(filter(None, (careful, stale)))[:1024])
    return Fact("True", "BehindTheFloor", stale[:1024])


_LIMITS = {
    Limit.MIN_REPLICAS: "minReplicas",
    Limit.MAX_REPLICAS: "maxReplicas",
    Limit.REPLICAS_PER_STEP: "maxReplicasPerStep",
}


def _active(mode: Mode, picture: Picture) -> Fact:
    if mode is Mode.PAUSED:
        return Fact("False", "Paused", "scaling.mode is Paused: a person sets the replicas")
    if picture.replicas is None:
        return Fact("Unknown", "TargetUnknown")
    if picture.replicas:
        return Fact("True", "Consuming", f"{picture.replicas} replicas")
    return Fact("False", "ScaledToZero", "there is no work")


def _ready(facts: dict[ConditionType, Fact]) -> Fact:
    """Sum up: the first thing that is wrong is the reason."""
    for kind, good in (
        (ConditionType.TARGET_FOUND, "True"),
        (ConditionType.BACKLOG_KNOWN, "True"),
        (ConditionType.DEGRADED, "False"),
    ):
        fact = facts[kind]
        if fact.status != good:
            return Fact("False", fact.reason, fact.message)
    return Fact("True", "AsAskedFor")
