"""Payments under the operator: how many processes it keeps and why, read from the state that it writes."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop_demo.child import last_lines
from shop_demo.exits import DemoError, Exit
from shop_demo.journal import Journal
from shop_demo.observe import ConsumerState
from shop_demo.supervisor import ProcessState

_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Scale:
    """How many processes there are, and why.

    Args:
        current: how many run.
        desired: how many the load asks for; ``None``: the operator has not said.
        most: how many there may be.
        why: the reason and the numbers of the latest decision.
    """

    current: int
    desired: int | None
    most: int
    why: str


@dataclass(frozen=True, slots=True)
class Replica:
    """One process that the operator keeps; for `Killer`, a process that can be stopped and killed."""

    name: str
    service: str
    pid: int
    autoscaler: "Autoscaler"

    @property
    def ending(self) -> bool:
        """Tell whether it is on its way out, or gone."""
        return self not in self.autoscaler.running(self.service)

    def consumes_as(self, consumer: ConsumerState) -> bool:
        """Tell whether it is this consumer: the operator gives it the name."""
        return consumer.name == self.name

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process still runs."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def kill(self) -> None:
        """End the process with SIGKILL and wait until the operator has noticed."""
        self.autoscaler.expect_end_of(self.name)
        self.send(signal.SIGKILL)
        while not self.ending:  # noqa: ASYNC110  # it is a file that changes
            await asyncio.sleep(_LOOK_SECONDS)


class Autoscaler:
    """Follows the operator.

    Args:
        state: the file in which it keeps the state of the resource that scales the service.
        logs: the folder in which it keeps the processes' logs.
        service: the service.
        most: how many processes there may be.
        journal: is told what the operator did.
    """

    def __init__(self, state: Path, logs: Path, *, service: str, most: int, journal: Journal) -> None:
        self._state = state
        self._logs = logs
        self._service = service
        self._most = most
        self._journal = journal
        self._known: Mapping[str, Any] = {}
        self._stamp: tuple[int, int] | None = None
        self._told: set[tuple[str, str]] = set()
        self._expected: Counter[str] = Counter()
        self.replicas_max = 0

    async def follow(self) -> None:
        """Follow the operator until cancelled.

        Raises:
            DemoError: a process ended by itself: the demo hides no crash.
        """
        while True:
            self._look()
            self._complain()
            await asyncio.sleep(_LOOK_SECONDS)

    async def until_none(self, within_seconds: float) -> bool:
        """Wait until there is no process any more; tell whether that was so in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                while self._replicas():  # noqa: ASYNC110  # it is a file that changes
                    await asyncio.sleep(_LOOK_SECONDS)
        return not self._replicas()

    @property
    def scale(self) -> Scale:
        """How many processes there are, and why."""
        status = self._known.get("object", {}).get("status", {})
        decision = status.get("lastDecision", {})
        why = f"{decision['reason']}: {decision['message']}" if decision else "nothing was decided yet"
        return Scale(len(self.running(self._service)), status.get("replicas", {}).get("desired"), self._most, why)

    def running(self, service: str) -> list[Replica]:
        """List the processes that run and are to stay."""
        return [
            Replica(each["name"], service, each["pid"], self)
            for each in self._replicas()
            if each["state"] == "running" and each["pid"] is not None
        ]

    def states(self) -> list[ProcessState]:
        """Describe every process."""
        words = {"waiting": "killed", "ending": "stopping"}
        return [
            ProcessState(
                each["name"], self._service, each["pid"], words.get(each["state"], each["state"]), each["restarts"]
            )
            for each in self._replicas()
        ]

    def expect_end_of(self, name: str) -> None:
        """Know that a process is about to be killed."""
        self._expected[name] += 1

    async def bring_back(self, name: str) -> bool:
        """Wait until the operator has started a killed process again; tell whether it did, and not ended it for good."""
        while any(each["name"] == name for each in self._replicas()):
            if any(each.name == name for each in self.running(self._service)):
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    def _look(self) -> None:
        try:
            status = self._state.stat()
            stamp = status.st_mtime_ns, status.st_ino
            if stamp != self._stamp:
                self._known, self._stamp = json.loads(self._state.read_text(encoding="utf-8")), stamp
        except FileNotFoundError:
            # the operator has not begun, or has ended in order, and so have its processes
            self._known, self._stamp = {}, None
        self.replicas_max = max(self.replicas_max, len(self.running(self._service)))
        for event in self._known.get("events", ()):
            if (seen := (event["time"], event["message"])) not in self._told:
                self._told.add(seen)
                self._journal.note(f"{self._service}: {event['message']}")

    def _complain(self) -> None:
        for each in self._replicas():
            ends = each["restarts"] + (each["state"] == "waiting")
            if ends > self._expected[each["name"]]:
                lines = last_lines(self._logs / f"{each['name']}.log")
                raise DemoError(
                    f"{each['name']} ended by itself ({each['lastEnd']}). Its last lines:\n{lines}", Exit.DIED
                )

    def _replicas(self) -> Sequence[Mapping[str, Any]]:
        replicas: Sequence[Mapping[str, Any]] = self._known.get("replicas", ())
        return replicas
