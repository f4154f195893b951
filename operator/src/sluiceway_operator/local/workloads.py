"""Targets without Kubernetes: programs whose replicas are processes of this machine."""

import asyncio
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from typing_extensions import override

from ..ports import Pod, Target, TargetMissing, Workloads
from .lifeline import Lifeline
from .program import Program
from .replica import Replica, ReplicaState
from .victims import choose

__all__ = ["ProcessWorkloads"]

_GRACE_SECONDS = 30.0
"""That of Kubernetes (`terminationGracePeriodSeconds`)."""
_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Those of Kubernetes: no vowels and look-alikes, so that names are no words."""
_NAME_LENGTH = 5


class ProcessWorkloads(Workloads):
    """Runs the replicas of programs as child processes.

    A target is found by the name in its `scaleTargetRef`; whether it calls itself a Deployment or otherwise does not matter
    here, so that the same manifest fits a cluster and a laptop. Every target begins at zero.

    Args:
        programs: The programs.
        logs: A folder for the output of each replica; None: it goes where the operator's goes.
        grace_seconds: How long a replica has between SIGTERM and SIGKILL.

    Example:
        >>> async with asyncio.timeout(60):
        ...     workloads = ProcessWorkloads([Program("payments", ("python", "-m", "shop_payments"))])
        ...     await workloads.scale(target, 2)
        ...     await workloads.close()
    """

    def __init__(
        self, programs: Iterable[Program], *, logs: Path | None = None, grace_seconds: float = _GRACE_SECONDS
    ) -> None:
        self._programs = {program.name: program for program in programs}
        self._logs = logs
        self._grace_seconds = grace_seconds
        self._lifeline = Lifeline(grace_seconds)
        self._wanted: dict[str, int] = dict.fromkeys(self._programs, 0)
        self._replicas: dict[str, dict[str, Replica]] = {name: {} for name in self._programs}
        self._held: dict[str, Mapping[str, int]] = {}
        self._running: set[asyncio.Task[None]] = set()

    @override
    async def replicas(self, target: Target) -> int:
        return self._wanted[self._name(target)]

    @override
    async def scale(self, target: Target, replicas: int) -> None:
        name = self._name(target)
        self._wanted[name] = replicas
        staying = [each for each in self._replicas[name].values() if each.state is not ReplicaState.ENDING]
        for _ in range(replicas - len(staying)):
            self._start(self._programs[name])
        leaving = choose([each.candidate for each in staying], len(staying) - replicas, self._held.get(name, {}))
        for each in leaving:
            self._replicas[name][each].go()

    @override
    async def pods(self, target: Target) -> Collection[Pod]:
        return [Pod(each.name, each.uid) for each in self._replicas[self._name(target)].values()]

    @override
    def heeds(self, target: Target) -> bool:
        return True

    @override
    async def rival(self, target: Target, *, afresh: bool = False) -> str | None:
        return None

    @override
    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        self._held[self._name(target)] = held
        return True

    def replicas_of(self, program: str) -> list[Replica]:
        """Return the replicas of a program, those that are ending included; none of a program that is not there."""
        return list(self._replicas.get(program, {}).values())

    async def close(self) -> None:
        """End all replicas and wait until nothing of them is left."""
        for replicas in self._replicas.values():
            for replica in replicas.values():
                replica.go()
        await asyncio.gather(*self._running)
        await asyncio.to_thread(self._lifeline.close)

    def _name(self, target: Target) -> str:
        if target.ref.name not in self._programs:
            known = ", ".join(sorted(self._programs)) or "none"
            raise TargetMissing(f"{target}: no program is called {target.ref.name}; there are: {known}")
        return target.ref.name

    def _start(self, program: Program) -> None:
        name = f"{program.name}-{''.join(secrets.choice(_NAME_LETTERS) for _ in range(_NAME_LENGTH))}"
        replica = Replica(
            name,
            program,
            lifeline=self._lifeline,
            grace_seconds=self._grace_seconds,
            log=self._logs / f"{name}.log" if self._logs is not None else None,
        )
        self._replicas[program.name][name] = replica
        task = asyncio.create_task(self._run(program.name, replica), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, program: str, replica: Replica) -> None:
        try:
            await replica.run()
        finally:
            del self._replicas[program][replica.name]
