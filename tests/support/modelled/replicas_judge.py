"""What must hold of the replicas of one target: each write, and what there is after a sweep."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from sluiceway_operator.control import Tracked
from sluiceway_operator.decide import Decision, Reason, decide_replicas
from sluiceway_operator.explain import Account, explain
from sluiceway_operator.observation import Backlog, Unknown
from sluiceway_operator.resource import Accuracy, Mode, Scaling, StreamConsumerStatus

from .moment import Moment

__all__ = ["ReplicasJudge"]

_DRAINED = frozenset({Reason.DRAINED, Reason.IDLE_WAIT, Reason.IDLE})
"""Rules that do not ask what the load was within the window: nothing is undelivered, and nothing comes."""


class ReplicasJudge:
    """Follows one resource for as long as one operator looks after it.

    Args:
        now: When the operator began.
    """

    def __init__(self, now: float) -> None:
        self._busy_at = now
        self._wanted: list[tuple[float, int]] = []

    def begins(self, now: float, *, busy: bool) -> None:
        """Note that a sweep begins.

        Args:
            now: When.
            busy: There is work, or there was since the sweep before.
        """
        if busy:
            self._busy_at = now

    def writes(self, tracked: Tracked, now: float, truth: Moment, replicas: int, spared: dict[str, int] | None) -> None:
        """Judge a write in the moment in which it comes.

        Args:
            tracked: The resource.
            now: When.
            truth: What is true.
            replicas: What is written.
            spared: What the target was told that each pod holds, for a reduction.
        """
        name, scaling, decision = tracked.resource.key.name, tracked.resource.spec.scaling, tracked.decision
        before = truth.replicas[name]
        assert decision is not None
        assert decision.replicas == replicas
        seen = tracked.history.last
        assert seen is not None
        reached = not isinstance(seen.backlog, Unknown) or seen.backlog.reachable
        assert reached, "nobody knows more than before, and the replicas are changed"
        assert scaling.mode is Mode.AUTOMATIC, f"{scaling.mode} leaves the replicas alone"
        assert scaling.min_replicas <= replicas <= scaling.max_replicas
        self._note(decision, now, before)
        if replicas >= before:
            return
        group = truth.groups[name]
        if replicas == 0:
            assert truth.work(name) == 0, "there is work, and the last replica was sent away"
            idle = now - self._busy_at
            assert idle >= scaling.scale_down.idle_seconds, (
                f"the last replica was sent away after {idle} s without work"
            )
        if not (decision.reason in _DRAINED or group.undelivered == frozenset()):
            window = scaling.scale_down.stabilization_seconds
            recent = [wanted for at, wanted in self._wanted if at > now - window]
            highest = max([*recent, self._wanted[-1][1]])
            least = min(highest, scaling.max_replicas)
            assert replicas >= least, f"{highest} replicas were wanted within {window} s, and {replicas} are left"
        held = {consumer: count for consumer, count in group.held_by_each().items() if count}
        assert held == {consumer: count for consumer, count in (spared or {}).items() if count}, "who works is spared"

    def swept(self, tracked: Tracked, now: float, before: Moment, after: Moment, *, contested: bool) -> None:
        """Judge what there is after a sweep.

        Args:
            tracked: The resource.
            now: When.
            before: What was true before it.
            after: What is true now.
            contested: The replicas are somebody else's, or cannot be told.
        """
        name, seen, decision = tracked.resource.key.name, tracked.history.last, tracked.decision
        scaling = tracked.resource.spec.scaling
        if seen is None or seen.at != now:
            return
        unknown = isinstance(seen.backlog, Unknown)
        if unknown or after.work(name):
            self._busy_at = now
        if not unknown and (before.groups.get(name), before.entries) == (after.groups.get(name), after.entries):
            _judge_knowledge(seen.backlog, after, name)
        if contested or scaling.mode is Mode.PAUSED:
            return
        assert decision is not None
        self._note(decision, now, before.replicas[name])
        _judge_reason(tracked, decision, scaling)
        if scaling.mode is Mode.AUTOMATIC and not tracked.contest:
            _judge_presence(seen.backlog, scaling, before.replicas[name], after, name)

    def _note(self, decision: Decision, now: float, replicas: int) -> None:
        if decision.wanted is not None:
            # what was decided before its time an operator does not know, but it sees what came of it
            self._wanted = self._wanted or [(now, replicas)]
            self._wanted.append((now, decision.wanted))


def _judge_knowledge(backlog: Backlog | Unknown, truth: Moment, name: str) -> None:
    assert isinstance(backlog, Backlog)
    group = truth.groups[name]
    assert backlog.pending == len(group.held)
    assert bool(backlog.lag) == bool(group.undelivered), "some work is never taken for none, nor none for some"
    if backlog.accuracy is Accuracy.EXACT:
        assert backlog.lag == len(group.undelivered), "what is called exact is"


def _judge_presence(backlog: Backlog | Unknown, scaling: Scaling, before: int, after: Moment, name: str) -> None:
    replicas, least = after.replicas[name], max(1, scaling.min_replicas)
    if isinstance(backlog, Unknown):
        assert not backlog.reachable or replicas >= max(least, before), "there may be work"
    elif after.work(name):
        assert replicas >= least, "there is work, and nobody"


def _judge_reason(tracked: Tracked, decision: Decision, scaling: Scaling) -> None:
    again, _ = decide_replicas(scaling, tracked.history)
    assert again == decision, "what was decided follows from what is remembered"
    assert decision.message
    told = tracked.reported
    if decision.wanted is None or told is None or told.replicas is None or told.replicas.reason != decision.reason:
        return
    if told.replicas.wanted == decision.wanted:
        _judge_explanation(tracked, told, told.replicas.wanted)


def _judge_explanation(tracked: Tracked, told: StreamConsumerStatus, wanted: int) -> None:
    """Have what is told lead to what was wanted, as far as rates do that are told in whole events a second."""
    resource = tracked.resource
    account = Account(resource.key.namespace, resource.key.name, resource.generation, resource.spec, told)
    formula = explain(account, datetime.now(UTC)).formula
    if told.backlog is None or told.backlog.accuracy is Accuracy.UNKNOWN:
        assert formula is None
        return
    assert formula is not None
    least, most = _wanted_by(resource.spec.scaling, told)
    assert least <= wanted <= most, f"{formula.text} = {formula.result}, and {wanted} were wanted"
    if math.isfinite(formula.result) and math.isfinite(most):
        assert max(least, 1) <= max(math.ceil(formula.result - 1e-9), 1) <= max(most, 1)


def _wanted_by(scaling: Scaling, told: StreamConsumerStatus) -> tuple[float, float]:
    assert told.backlog is not None
    assert told.rates is not None
    total = (told.backlog.lag or 0) + (told.backlog.pending or 0)
    per_replica = scaling.target.backlog_per_replica
    if per_replica is not None:
        return math.ceil(total / per_replica), max(math.ceil(total / per_replica), 1)
    drain, arrivals = scaling.target.drain_seconds or 1, told.rates.arrivals_per_second or 0
    capacity = told.rates.per_replica_per_second
    slow, fast = (
        (capacity - 0.5, capacity + 0.5) if capacity is not None else [scaling.initial_capacity_per_replica] * 2
    )
    least = math.ceil((max(arrivals - 0.5, 0) + total / drain) / fast - 1e-6)
    return least, max(math.ceil((arrivals + 0.5 + total / drain) / slow), 1) if slow > 0 else math.inf
