"""The faults of a run: processes killed while they hold entries, and an outage of a whole service."""

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Protocol

from shop_demo.client import Client
from shop_demo.journal import Journal
from shop_demo.load import Load
from shop_demo.observe import ConsumerState, consumers_of, groups_of
from shop_demo.schedule import KillSchedule, OutageSchedule
from shop_demo.supervisor import Supervisor

_LOOK_SECONDS = 0.003


class Victim(Protocol):
    """A process that can be stopped and killed."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def service(self) -> str:
        """The service that it is a process of."""
        ...

    @property
    def pid(self) -> int:
        """The process ID."""
        ...

    @property
    def ending(self) -> bool:
        """Tell whether it is on its way out."""
        ...

    def consumes_as(self, consumer: ConsumerState) -> bool:
        """Tell whether it is this consumer."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process still runs."""
        ...

    async def kill(self) -> None:
        """End the process with SIGKILL."""
        ...


class Keeper(Protocol):
    """Keeps the processes of services running."""

    def running(self, service: str) -> Sequence[Victim]:
        """List the processes of a service that work and are to stay."""
        ...

    async def bring_back(self, name: str) -> bool:
        """See that a killed process runs again; tell whether it does, and is not one too many by now."""
        ...


class Killer:
    """Kills processes with SIGKILL, each while it owns pending entries.

    A process is stopped with SIGSTOP first and looked at then: it cannot acknowledge anything between the look and
    the kill. One that turns out to own nothing goes on, and the next chance is waited for.

    Args:
        client: a connection pool to the event store.
        keepers: who keeps the processes of each service.
        journal: is told of each kill.
        schedule: when kills are due.
        victims: services in the order in which they are killed, with the stream that each consumes as a group of its
            own name.
    """

    def __init__(
        self,
        client: Client,
        keepers: Mapping[str, Keeper],
        journal: Journal,
        schedule: KillSchedule,
        victims: Mapping[str, str],
    ) -> None:
        self._client = client
        self._keepers = keepers
        self._journal = journal
        self._schedule = schedule
        self._victims = victims
        self._holding_back = False
        self._overdue_seconds = 0.0
        self.kills = 0

    def allowed(self, started: int) -> float:
        """Give how many orders the load may have started by now; see `KillSchedule.allowed`."""
        self._holding_back = started >= self._schedule.allowed(self.kills, 0)
        if not self._holding_back:
            self._overdue_seconds = 0.0
        return self._schedule.allowed(self.kills, self._overdue_seconds)

    @property
    def sufficient(self) -> bool:
        """Tell whether as many kills have happened as the run was to have; an endless run needs one."""
        return self.kills >= (self._schedule.kills or 1)

    async def run(self, load: Load) -> None:
        """Kill on schedule until all kills of the schedule have happened, or until cancelled."""
        async with asyncio.TaskGroup() as restarts:
            for number, service in enumerate(cycle(self._victims)):
                if number == self._schedule.kills:
                    return
                await load.reached(self._schedule.due_after(number))
                victim = await self._kill_one(service)
                restarts.create_task(self._bring_back(victim))

    async def _kill_one(self, service: str) -> Victim:
        while True:
            began = time.monotonic()
            for child in self._keepers[service].running(service):
                held = await self._stop_while_holding(child)
                if held:
                    await child.kill()
                    self.kills += 1
                    entries = "1 pending entry" if held == 1 else f"{held} pending entries"
                    self._journal.note(f"SIGKILL {child.name} (pid {child.pid}), it held {entries}")
                    return child
            await asyncio.sleep(_LOOK_SECONDS)
            # while there is work, also for a process that is still starting, no more orders are needed
            if self._holding_back and not await self._work_is_under_way():
                self._overdue_seconds += time.monotonic() - began

    async def _work_is_under_way(self) -> bool:
        groups = await groups_of(self._client, list(self._victims.values()))
        return any((group.lag or 0) + group.pending for group in groups if group.group in self._victims)

    async def _stop_while_holding(self, child: Victim) -> int:
        """Stop the process if it owns pending entries; return how many it then certainly owns."""
        if not await self._held_by(child):
            return 0
        child.send(signal.SIGSTOP)
        # What it had sent before it stopped may still be on its way to the server: look until two looks agree.
        before, held = -1, await self._held_by(child)
        while held and held != before:
            before, held = held, await self._held_by(child)
        if not held or child.ending:
            child.send(signal.SIGCONT)
            return 0
        return held

    async def _held_by(self, child: Victim) -> int:
        service = child.service
        consumers = await consumers_of(self._client, self._victims[service], service)
        return sum(consumer.pending for consumer in consumers if child.consumes_as(consumer))

    async def _bring_back(self, victim: Victim) -> None:
        if await self._keepers[victim.service].bring_back(victim.name):
            self._journal.note(f"{victim.name} is back")


class Outage:
    """Stops every process of a service for a while.

    Args:
        supervisor: has the processes.
        journal: is told when it begins and ends.
        schedule: when it is due.
        service: which service.
        seconds: how long it lasts.
    """

    def __init__(
        self, supervisor: Supervisor, journal: Journal, schedule: OutageSchedule, *, service: str, seconds: float
    ) -> None:
        self._supervisor = supervisor
        self._journal = journal
        self._schedule = schedule
        self._service = service
        self._seconds = seconds
        self._begun = False
        self.done = False

    def under_way(self, load: Load) -> bool:
        """Tell whether it is due and not over."""
        return load.started >= self._schedule.due_after and not self.done

    def allowed(self) -> float:
        """Give how many orders the load may have started by now; see `OutageSchedule.allowed`."""
        return self._schedule.allowed(begun=self._begun)

    async def run(self, load: Load) -> None:
        """Wait until it is due, let it happen, and bring the service back."""
        if not await load.reached(self._schedule.due_after):
            return
        async with self._supervisor.changing(self._service):
            names = await self._supervisor.stop_service(self._service)
            self._begun = True
            load.phase = "outage"
            self._journal.note(f"outage: {', '.join(names)} stopped for {self._seconds:g} s")
            await asyncio.sleep(self._seconds)
            load.phase = "after"
            await asyncio.gather(*(self._supervisor.restart(name) for name in names))
        self.done = True
        self._journal.note(f"outage over: {', '.join(names)} are back")
