"""Whatever happens to a stream, its server, its pods and its operator, in whatever order: the rules hold.

The operator's own control loop, decisions and scripts, on a modelled server in this process. What is true is known there,
so each sweep is judged by it (`tests/support/modelled`); in the end everything is healed and all work must get done.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.support.modelled import Judge, World, specs
from typing_extensions import override

from sluiceway_operator.ports import TargetUnavailable

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "150"))
"""The same ones each time; more of them, and others, find what is rare (CONTRIBUTING.md)."""
PAYMENTS, REPORTS = "payments", "reports"
NAMES = st.sampled_from([PAYMENTS, REPORTS])
AUDIT = "audit"
"""A group that no resource names."""
GROUPS = st.sampled_from([PAYMENTS, REPORTS, AUDIT])
SOME, ANY, PODS = st.integers(1, 40), st.integers(0, 40), st.integers(0, 9)


class ControlledStream(RuleBasedStateMachine):
    """One stream, one or two resources with a target each, and whoever else uses the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.judge = Judge(self.world)

    @initialize(spec=specs())
    def begin(self, spec: dict[str, Any]) -> None:
        self.world.ask(PAYMENTS, **spec)
        self.judge.began(PAYMENTS)

    @override
    def teardown(self) -> None:
        try:
            if self.world.asked and self.judge.satisfied:
                self._heal()
                self._all_work_gets_done()
        finally:
            self.world.close()

    # --- time, and what happens all the time --------------------------------------------------------------------------

    @rule(times=st.integers(1, 12))
    def seconds_pass(self, times: int) -> None:
        for _ in range(times):
            self.judge.sweep(1.0)

    @rule(seconds=st.sampled_from([0.01, 0.2, 5.0, 20.0, 90.0]), times=st.integers(1, 3))
    def looks_come_at_other_times(self, seconds: float, times: int) -> None:
        for _ in range(times):
            self.judge.sweep(seconds)

    @rule(seconds=st.integers(1, 12), arriving=st.sampled_from([0, 1, 5, 30]), done=st.sampled_from([0, 1, 3, 30]))
    def a_load_is_worked_off(self, seconds: int, arriving: int, done: int) -> None:
        """Pods come one by one and each gets so much done a second, which may be too little."""
        for _ in range(seconds):
            self.world.produce(arriving)
            for name in self.world.asked:
                self.world.pods.settle(name, 1)
                for pod in self._pods(name):
                    self.world.read(name, pod, done + 1)
                    self.world.acknowledge(name, pod, done)
            self.judge.sweep(1.0)

    @rule(count=SOME)
    def produce(self, count: int) -> None:
        self.world.produce(count)

    @rule(name=NAMES, pod=PODS, read=ANY, done=ANY)
    def a_pod_works(self, name: str, pod: int, read: int, done: int) -> None:
        if pods := self._pods(name):
            self.world.read(name, pods[pod % len(pods)], read)
            self.world.acknowledge(name, pods[pod % len(pods)], done)

    @rule(name=NAMES, pod=PODS)
    def a_pod_takes_over_what_others_left(self, name: str, pod: int) -> None:
        if pods := self._pods(name):
            self.world.take_over(name, pods[pod % len(pods)])

    @rule(name=NAMES)
    def all_work_is_done(self, name: str) -> None:
        for pod in self._pods(name):
            self._work(name, pod)

    @rule(name=NAMES, most=PODS)
    def pods_come_or_go(self, name: str, most: int) -> None:
        if name in self.world.asked:
            self.world.pods.settle(name, most + 1)

    @rule(name=NAMES, pod=PODS)
    def a_pod_dies(self, name: str, pod: int) -> None:
        """With what it holds; it comes back, late, under another name."""
        if pods := self._pods(name):
            pods.pop(pod % len(pods))

    # --- others on the server, and faults -----------------------------------------------------------------------------

    @rule(
        how=st.sampled_from(["audit reads", "audit gets on", "by hand", "replay", "replayed"]), name=NAMES, count=SOME
    )
    def somebody_else_uses_the_stream(self, how: str, name: str, count: int) -> None:
        match how:
            case "audit reads":
                self.world.make_group(AUDIT, "$" if count % 2 else "0")
                self.world.read(AUDIT, "somebody", count)
            case "audit gets on":
                self.world.acknowledge(AUDIT, "somebody", count)
            case "by hand":
                self.world.read(name, "by-hand", count)
            case "replay" if name in self.world.asked:
                self.world.replay(name, count)
            case "replayed":
                self.world.settle_replay(name)

    @rule(
        what=st.sampled_from(["entries", "trimmed", "group", "made", "stream", "spoiled", "all"]),
        group=GROUPS,
        count=SOME,
    )
    def somebody_spoils_the_stream(self, what: str, group: str, count: int) -> None:
        match what:
            case "entries":
                self.world.delete(every=1 + count % 4)
            case "trimmed":
                self.world.trim(count)
            case "group":
                self.world.destroy_group(group)
            case "made":
                self.world.make_group(group, "$" if count % 2 else "0")
            case "stream":
                self.world.delete_stream()
            case "spoiled":
                self.world.spoil_stream()
            case "all":
                self.world.call("FLUSHALL")

    @rule(what=st.sampled_from(["server", "connection", "targets", "answers"]), scripts=st.integers(1, 5))
    def something_fails(self, what: str, scripts: int) -> None:
        match what:
            case "server":
                self.world.client.down = True
            case "connection":
                self.world.client.breaks_in = scripts
            case "targets":
                self.world.pods.fault = TargetUnavailable("the API server does not answer")
            case "answers":
                self.world.pods.answer_lost = TargetUnavailable("the API server does not answer any more")

    @rule()
    def everything_is_mended(self) -> None:
        self.world.client.down, self.world.client.breaks_in = False, None
        self.world.pods.fault = self.world.pods.answer_lost = None
        self.world.repair_stream()

    # --- people -------------------------------------------------------------------------------------------------------

    @rule(name=NAMES, spec=specs())
    def a_spec_is_written(self, name: str, spec: dict[str, Any]) -> None:
        new = name not in self.world.asked
        self.world.ask(name, **spec)
        if new:
            self.judge.began(name)

    @precondition(lambda self: len(self.world.asked) > 1)
    @rule(name=NAMES)
    def a_resource_is_deleted(self, name: str) -> None:
        self.world.forget(name)

    @rule(name=NAMES, replicas=st.integers(0, 12))
    def replicas_are_set_by_hand(self, name: str, replicas: int) -> None:
        if name in self.world.asked:
            self.world.pods.counts[name] = replicas

    @rule(afterwards=st.sampled_from([0.0, 1.0]))
    def another_operator_leads(self, afterwards: float) -> None:
        """The one before goes on as if nothing had happened."""
        self.world.change_leader()
        for name in self.world.asked:
            self.judge.began(name)
        self.judge.idles(afterwards)

    # --- in the end ---------------------------------------------------------------------------------------------------

    def _heal(self) -> None:
        """Take away what keeps the operator from its work, and what a person has to decide."""
        world = self.world
        self.everything_is_mended()
        for name, spec in world.asked.items():
            world.make_group(name, "0")
            world.ask(name, **{**spec, "scaling": {**spec["scaling"], "mode": "Automatic"}})

    def _all_work_gets_done(self) -> None:
        world = self.world
        for _ in range(60):
            self.judge.sweep(10.0)
            for name in world.asked:
                world.pods.settle(name, 20)
                for pod in self._pods(name):
                    self._work(name, pod)
            if all(self._rests(name) for name in world.asked):
                return
        raise AssertionError(f"not done: {self.judge.left()}")

    def _rests(self, name: str) -> bool:
        asked = self.world.loop.of(name).resource.spec.scaling
        return self.judge.left()[name] == 0 and self.world.pods.counts[name] == asked.min_replicas

    def _work(self, name: str, pod: str) -> None:
        """Have a pod do all that it can find."""
        self.world.take_over(name, pod)
        self.world.read(name, pod, 1000)
        self.world.acknowledge(name, pod, 1000)
        self.world.settle_replay(name)

    def _pods(self, name: str) -> list[str]:
        return self.world.pods.pods_of(name)


ControlledStream.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=50, deadline=None, derandomize="MACHINE_EXAMPLES" not in os.environ
)
TestControlledStream = ControlledStream.TestCase
