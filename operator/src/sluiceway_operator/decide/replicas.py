"""How many replicas a group needs now. Rules: docs/decisions/0010-scaling.md."""

import math
from dataclasses import replace

from ..observation import Backlog, Observation, Unknown
from ..resource import Accuracy, Scaling
from .decision import Decision, Limit, Reason
from .history import History, Recommendation

__all__ = ["decide_replicas"]

_ROUNDING = 1e-9


def decide_replicas(scaling: Scaling, history: History) -> tuple[Decision, History]:
    """Decide from the latest look that `history` has learned.

    Args:
        scaling: What was asked for.
        history: What is known, the latest look included.

    Returns:
        The decision, and the history that remembers it.

    Raises:
        ValueError: The history holds no look.
    """
    seen = history.last
    if seen is None:
        raise ValueError("history: holds no observation, call learn first")
    if isinstance(seen.backlog, Unknown):
        return _without_knowledge(scaling, seen, seen.backlog), replace(history, waiting_since=None)
    backlog = seen.backlog
    wanted, reason, message = _wanted(scaling, history, backlog)
    if not history.recommendations:
        # what was decided before our time is not known, but what came of it is
        history = replace(history, recommendations=(Recommendation(seen.at, seen.replicas),))
    history = _remember(history, scaling, seen.at, wanted)
    useful = _useful(history, seen, backlog, wanted)
    plain = Decision(useful, reason, message, wanted)
    if useful > seen.replicas:
        return _up(scaling, seen, plain), replace(history, waiting_since=None)
    return _down(scaling, history, seen, backlog, plain)


def _without_knowledge(scaling: Scaling, seen: Observation, unknown: Unknown) -> Decision:
    if not unknown.reachable:
        # nobody knows more than before, so nothing changes, at zero neither
        return Decision(seen.replicas, Reason.SERVER_UNREACHABLE, f"replicas are held: {unknown.message}")
    floor = max(1, scaling.min_replicas)
    return Decision(
        max(seen.replicas, floor),
        Reason.BACKLOG_UNKNOWN,
        f"there may be work that cannot be counted, so at least {floor} and no fewer than now: {unknown.message}",
    )


def _wanted(scaling: Scaling, history: History, backlog: Backlog) -> tuple[int, Reason, str]:
    """Tell what the load asks for, before any limit but that work needs somebody."""
    least = 0 if _nothing(backlog) else 1
    per_replica = scaling.target.backlog_per_replica
    if per_replica is not None:
        wanted = math.ceil(backlog.total / per_replica)
        text = f"{backlog.total} backlog, {per_replica} per replica: {_replicas(wanted)}"
        return max(wanted, least), Reason.BACKLOG_PER_REPLICA, text
    drain = scaling.target.drain_seconds or 1
    capacity, arrivals = history.capacity, history.arrivals_per_second
    needed = (arrivals + backlog.total / drain) / max(capacity.per_second, _ROUNDING)
    wanted = max(math.ceil(needed - _ROUNDING), least)
    text = (
        f"{backlog.total} backlog, {arrivals:.0f}/s in, {capacity.per_second:.3g}/s per replica"
        f"{'' if capacity.observed else ' assumed'}: {_replicas(wanted)} to drain it in {drain} s"
    )
    return wanted, Reason.DRAIN_TIME if capacity.observed else Reason.COLD_START, text


def _useful(history: History, seen: Observation, backlog: Backlog, wanted: int) -> int:
    """Once drained, count only those who can get something to do: with what a consumer holds nobody else can help."""
    if not history.drained:
        return wanted
    held = sum(consumer.pending for consumer in seen.consumers)
    free = backlog.replay + max(0, backlog.pending - held)
    return min(wanted, max(seen.holding + free, 1))


def _up(scaling: Scaling, seen: Observation, plain: Decision) -> Decision:
    step = scaling.scale_up.max_replicas_per_step
    if step and plain.replicas > seen.replicas + step:
        plain = replace(plain, replicas=seen.replicas + step, limit=Limit.REPLICAS_PER_STEP)
    return _clamped(scaling, plain)


def _down(
    scaling: Scaling, history: History, seen: Observation, backlog: Backlog, plain: Decision
) -> tuple[Decision, History]:
    idle_seconds = 0.0 if history.idle_since is None else seen.at - history.idle_since
    if history.idle_since is not None and idle_seconds >= scaling.scale_down.idle_seconds:
        decision = replace(plain, replicas=0, reason=Reason.IDLE, message=f"no work for {idle_seconds:.0f} s")
    elif history.drained:
        decision = _drained(scaling, seen, backlog, plain, idle_seconds)
    else:
        decision = _stabilized(scaling, history, seen, plain)
    return _wait_for_held_work(scaling, history, seen, _clamped(scaling, decision))


def _drained(scaling: Scaling, seen: Observation, backlog: Backlog, plain: Decision, idle_seconds: float) -> Decision:
    if not _nothing(backlog):
        # as many as the work in hand asks for: with fewer, those who go would hand it back and be called again
        message = f"nothing undelivered and nothing arrives; {backlog.total} in work: {_replicas(plain.replicas)}"
        return replace(plain, reason=Reason.DRAINED, message=message)
    wait = scaling.scale_down.idle_seconds
    message = f"no work for {idle_seconds:.0f} s; after {wait} s the last replica goes"
    return replace(plain, replicas=min(seen.replicas, 1), reason=Reason.IDLE_WAIT, message=message)


def _stabilized(scaling: Scaling, history: History, seen: Observation, plain: Decision) -> Decision:
    """Follow the highest recommendation of the window; the last replica goes by the idle rule only."""
    highest = max(each.replicas for each in history.recommendations)
    replicas = min(max(highest, 1), seen.replicas)
    if replicas <= plain.replicas:
        return plain
    window = scaling.scale_down.stabilization_seconds
    message = f"{plain.message}; the most within {window} s was {highest}"
    return replace(plain, replicas=replicas, reason=Reason.STABILIZING, message=message)


def _wait_for_held_work(
    scaling: Scaling, history: History, seen: Observation, decision: Decision
) -> tuple[Decision, History]:
    """Let replicas that hold work finish it, for a bounded time; SIGTERM finishes or hands back what is left."""
    holding = min(seen.holding, seen.replicas)
    if decision.replicas >= seen.replicas or holding <= decision.replicas:
        waiting_since = history.waiting_since if decision.replicas < seen.replicas else None
        return decision, replace(history, waiting_since=waiting_since)
    since = seen.at if history.waiting_since is None else history.waiting_since
    longest = scaling.scale_down.drain_wait_seconds
    if seen.at - since >= longest:
        return decision, replace(history, waiting_since=since)
    waiting = replace(
        decision,
        replicas=min(max(holding, decision.replicas), scaling.max_replicas),
        reason=Reason.HELD_WORK,
        message=f"{decision.message}; {_replicas(holding)} hold work, waited {seen.at - since:.0f} of {longest} s",
    )
    return waiting, replace(history, waiting_since=since)


def _clamped(scaling: Scaling, decision: Decision) -> Decision:
    if decision.replicas < scaling.min_replicas:
        return replace(decision, replicas=scaling.min_replicas, limit=Limit.MIN_REPLICAS)
    if decision.replicas > scaling.max_replicas:
        return replace(decision, replicas=scaling.max_replicas, limit=Limit.MAX_REPLICAS)
    return decision


def _remember(history: History, scaling: Scaling, now: float, wanted: int) -> History:
    oldest = now - scaling.scale_down.stabilization_seconds
    kept = (*(each for each in history.recommendations if each.at > oldest), Recommendation(now, wanted))
    return replace(history, recommendations=_peaks(kept))


def _peaks(recommendations: tuple[Recommendation, ...]) -> tuple[Recommendation, ...]:
    """Drop what a later and no smaller recommendation outlives: only the highest of any window is ever asked for."""
    kept: list[Recommendation] = []
    for each in recommendations:
        while kept and kept[-1].replicas <= each.replicas:
            kept.pop()
        kept.append(each)
    return tuple(kept)


def _nothing(backlog: Backlog) -> bool:
    return backlog.total == 0 and backlog.accuracy is Accuracy.EXACT


def _replicas(count: int) -> str:
    return "1 replica" if count == 1 else f"{count} replicas"
