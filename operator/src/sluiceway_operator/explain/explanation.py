"""From an account to an explanation: inputs, the formula with its numbers, limits, and what keeps it from changing."""

import math
from dataclasses import dataclass
from datetime import datetime

from ..decide import Limit, Reason
from ..resource import Accuracy, Mode, Scaling, StreamConsumerStatus
from .account import Account, Note

__all__ = ["Explanation", "Formula", "explain"]

_MOST_NOTES = 5


@dataclass(frozen=True, slots=True)
class Formula:
    """What the load asks for.

    Args:
        text: The formula with its numbers.
        result: What comes out, before it is rounded up.
    """

    text: str
    result: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a consumer has the size that it has.

    Args:
        account: What it was made from.
        why: The latest rule in a sentence.
        formula: What the load asks for; None where the load is not known or a person decides.
        limits: Each bound and whether it has had an effect.
        problems: What is not as it should be.
        decisions: The latest changes of the replicas, the latest first.
    """

    account: Account
    why: str
    formula: Formula | None
    limits: tuple[str, ...]
    problems: tuple[str, ...]
    decisions: tuple[Note, ...]


def explain(account: Account, now: datetime) -> Explanation:
    """Explain.

    Args:
        account: What is known.
        now: The time.
    """
    status = account.status or StreamConsumerStatus()
    scaling = account.spec.scaling
    decisions = [note for note in reversed(account.notes) if note.reason == "Scaled"][:_MOST_NOTES]
    return Explanation(
        account,
        _why(account, status),
        _formula(scaling, status),
        tuple(_limits(scaling, status)),
        tuple(_problems(account, now)),
        tuple(decisions),
    )


def _why(account: Account, status: StreamConsumerStatus) -> str:
    scaling = account.spec.scaling
    if account.status is None:
        return "the operator has not looked at it yet: does it run, and does it watch this namespace?"
    if scaling.mode is Mode.PAUSED:
        return "scaling.mode is Paused: a person sets the replicas, the operator decides nothing"
    reason = status.replicas.reason if status.replicas else None
    wanted = status.replicas.wanted if status.replicas else None
    down = scaling.scale_down
    sentences = {
        Reason.SERVER_UNREACHABLE: "the server does not answer, so the replicas stay as they are",
        Reason.BACKLOG_UNKNOWN: "there may be work that cannot be counted, so there is at least one replica and none goes",
        Reason.COLD_START: "the load asks for so many, by what a replica is assumed to process until that was observed",
        Reason.DRAIN_TIME: "the load asks for so many to be worked off in time",
        Reason.BACKLOG_PER_REPLICA: "the backlog asks for so many",
        Reason.STABILIZING: f"the load asks for {wanted} now, but for more within the last {down.stabilization_seconds} s, and "
        "replicas go only after that while entries still arrive (scaleDown.stabilizationSeconds)",
        Reason.HELD_WORK: f"the load asks for {wanted}, but consumers still hold work; a reduction waits for them, "
        f"{down.drain_wait_seconds} s at most (scaleDown.drainWaitSeconds)",
        Reason.DRAINED: "nothing is undelivered and nothing arrives; one finishes what is in work",
        Reason.IDLE_WAIT: f"there is no work; the last replica goes after {down.idle_seconds} s of that (scaleDown.idleSeconds)",
        Reason.IDLE: f"there has been no work for {down.idle_seconds} s (scaleDown.idleSeconds); the next entry brings one back",
    }
    if reason is None or reason not in set(Reason):
        last = status.last_decision
        return last.message if last is not None and last.message else "nothing was decided yet"
    return sentences[Reason(reason)]


def _formula(scaling: Scaling, status: StreamConsumerStatus) -> Formula | None:
    backlog, rates = status.backlog, status.rates
    if backlog is None or backlog.accuracy is Accuracy.UNKNOWN or scaling.mode is Mode.PAUSED:
        return None
    total = (backlog.lag or 0) + (backlog.pending or 0)
    per_replica = scaling.target.backlog_per_replica
    if per_replica is not None:
        return Formula(f"{total} / {per_replica} a replica", total / per_replica)
    drain = scaling.target.drain_seconds or 1
    arrivals = (rates.arrivals_per_second if rates else None) or 0
    observed = rates.per_replica_per_second if rates else None
    if observed == 0:
        # reported in whole events a second: a slow handler's rate is not told exactly
        return Formula(f"({arrivals}/s + {total} / {drain} s) / less than 1/s", math.inf)
    capacity = observed or scaling.initial_capacity_per_replica
    return Formula(f"({arrivals}/s + {total} / {drain} s) / {capacity}/s", (arrivals + total / drain) / capacity)


def _limits(scaling: Scaling, status: StreamConsumerStatus) -> list[str]:
    limited = next((each for each in status.conditions or [] if each.type == "ScalingLimited"), None)
    effective = limited.reason if limited is not None and limited.status == "True" else None
    step = scaling.scale_up.max_replicas_per_step
    bounds = [
        (Limit.MIN_REPLICAS, f"minReplicas {scaling.min_replicas}"),
        (Limit.MAX_REPLICAS, f"maxReplicas {scaling.max_replicas}"),
        (Limit.REPLICAS_PER_STEP, f"scaleUp.maxReplicasPerStep {step}" if step else ""),
    ]
    return [f"{text}{'  <- limits it now' if bound == effective else ''}" for bound, text in bounds if text]


_GOOD = {"Ready": "True", "BacklogKnown": "True", "TargetFound": "True", "ConsumersKnown": "True", "Degraded": "False"}
"""What conditions should say; the others are neither good nor bad."""


def _problems(account: Account, now: datetime) -> list[str]:
    status = account.status
    if status is None:
        return []
    found = []
    if status.observed_generation is not None and status.observed_generation < account.generation:
        found.append("the spec was changed and the operator has not taken the change yet: is it running?")
    told: set[str] = set()
    for condition in status.conditions or []:
        good = _GOOD.get(condition.type)
        if good is None or condition.status == good or condition.message in told:
            continue
        told.add(condition.message)
        seconds = (now - condition.last_transition_time).total_seconds()
        since = f"for {seconds:.0f} s" if seconds < 120 else f"for {seconds / 60:.0f} min"
        text = f"{condition.type} is {condition.status} {since}, {condition.reason}"
        found.append(f"{text}: {condition.message}" if condition.message else text)
    return found
