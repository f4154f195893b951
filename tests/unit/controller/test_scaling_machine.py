"""Whatever happens to a stream, in whatever order: the rules of scaling hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.looks import UNCOUNTABLE, UNREACHABLE, Controller, look, scaling

from sluiceway_operator.decide import Decision, Reason

BATCH = 10
"""Entries that a consumer takes at once."""


class ScaledStream(RuleBasedStateMachine):
    """A stream with one group, the pods that consume it, and the controller that looks every second."""

    @initialize(
        least=st.integers(0, 3),
        span=st.integers(1, 20),
        drain=st.integers(1, 60),
        down=st.fixed_dictionaries(
            {
                "stabilizationSeconds": st.integers(0, 30),
                "idleSeconds": st.integers(0, 15),
                "drainWaitSeconds": st.integers(0, 15),
            }
        ),
    )
    def begin(self, least: int, span: int, drain: int, down: dict[str, int]) -> None:
        self.least, self.most = least, least + span
        self.window, self.idle = down["stabilizationSeconds"], down["idleSeconds"]
        target = {"drainSeconds": drain}
        self.controller = Controller(scaling(minReplicas=least, maxReplicas=self.most, target=target, scaleDown=down))
        self.now = 0.0
        self.replicas = least
        self.added = 0
        self.undelivered = 0
        self.held: list[int] = [0] * least
        self.orphaned: list[int] = []
        self.last_work_at = 0.0
        self.decision: Decision | None = None
        self.wanted: list[tuple[float, int]] = []
        self.arrived_since_look = False
        self.quiet_looks = 0

    # --- what happens to the stream -----------------------------------------------------------------------------------

    @rule(count=st.integers(1, 2000))
    def produce(self, count: int) -> None:
        self.added += count
        self.undelivered += count
        self.arrived_since_look = True

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        consumer = data.draw(st.integers(0, len(self.held) - 1))
        taken = min(BATCH, self.undelivered)
        self.undelivered -= taken
        self.held[consumer] += taken

    @rule()
    def acknowledge_all(self) -> None:
        self.held = [0] * len(self.held)

    @precondition(lambda self: self.held)
    @rule()
    def crash(self) -> None:
        """A pod dies with what it holds, and comes back under another name."""
        self.orphaned.append(self.held.pop())
        self.held.append(0)

    @precondition(lambda self: self.held)
    @rule()
    def claim(self) -> None:
        self.held[0] += sum(self.orphaned)
        self.orphaned = []

    @rule()
    def unread_entries_are_deleted(self) -> None:
        self.undelivered //= 2

    # --- what the controller sees -------------------------------------------------------------------------------------

    @rule(seconds=st.floats(0.2, 5))
    def sweep(self, seconds: float) -> None:
        self.now += seconds
        held = (*self.held, *self.orphaned)
        seen = look(self.now, self.replicas, lag=self.undelivered, held=held, added=self.added)
        self.quiet_looks = 0 if self.arrived_since_look else self.quiet_looks + 1
        if self.undelivered or sum(held) or self.arrived_since_look:
            self.last_work_at = self.now
        self.arrived_since_look = False
        before = self.replicas
        self.decision = self.controller.sees(seen)
        self.wanted.append((self.now, self.decision.wanted or 0))
        self._no_flapping(before, self.decision)
        self._work_has_somebody(self.decision, work=self.undelivered + sum(held))
        self._scale(self.decision.replicas)

    @rule(seconds=st.floats(0.2, 5))
    def sweep_without_an_answer(self, seconds: float) -> None:
        self.now += seconds
        self.last_work_at = self.now
        decision = self.controller.sees_nothing(self.now, self.replicas, UNREACHABLE)
        assert decision.replicas == self.replicas
        self.quiet_looks = 0

    @rule(seconds=st.floats(0.2, 5))
    def sweep_without_a_count(self, seconds: float) -> None:
        self.now += seconds
        self.last_work_at = self.now
        decision = self.controller.sees_nothing(self.now, self.replicas, UNCOUNTABLE)
        assert decision.replicas == max(self.replicas, 1, self.least)
        self.quiet_looks = 0
        self._scale(decision.replicas)

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def replicas_stay_within_their_bounds(self) -> None:
        assert self.least <= self.replicas <= self.most

    def _work_has_somebody(self, decision: Decision, work: int) -> None:
        if work:
            assert decision.replicas >= 1
        if decision.replicas == 0:
            assert decision.reason is Reason.IDLE or self.replicas == 0
            assert self.replicas == 0 or self.now - self.last_work_at >= self.idle or self.idle == 0

    def _no_flapping(self, before: int, decision: Decision) -> None:
        """While entries arrive, no reduction below what was wanted within the window."""
        drained = self.undelivered == 0 and self.quiet_looks >= 2
        if decision.replicas < before and not drained and decision.reason is not Reason.IDLE:
            highest = max(count for at, count in self.wanted if at > self.now - self.window or at == self.now)
            assert decision.replicas >= min(highest, self.most)

    def _scale(self, replicas: int) -> None:
        """Pods end as they should: what they hold goes to others. Which one goes is not ours to choose here."""
        gone = self.held[replicas:]
        self.held = [*self.held[:replicas], *[0] * (replicas - len(self.held))]
        self.orphaned += [count for count in gone if count]
        self.replicas = replicas


ScaledStream.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestScaledStream = ScaledStream.TestCase
