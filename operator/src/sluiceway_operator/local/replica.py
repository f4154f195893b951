"""One replica: a program kept running under one name until it is told to go."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
import uuid
from enum import StrEnum
from pathlib import Path

import structlog

from .backoff import HEALTHY_SECONDS, pause_before_restart
from .lifeline import Lifeline
from .program import Program
from .victims import Candidate

__all__ = ["Replica", "ReplicaState"]

_POD_NAME = "POD_NAME"
"""The variable by which a service learns its name; the consumer of a replica is called like it."""


class ReplicaState(StrEnum):
    """What a replica is doing."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    ENDING = "ending"


class Replica:
    """Starts a program, starts it again when it ends by itself, and ends it when it is to go.

    Its name stays the same over all starts, as that of a pod does when its container is started again.

    Attributes:
        restarts: How often it was started again.
        last_end: How its program ended by itself the last time; "" if it never did.

    Args:
        name: Its name, which its consumer gets too.
        program: What it runs.
        lifeline: Ends it if the operator is gone.
        grace_seconds: How long the program has between SIGTERM and SIGKILL.
        log: The file that its output is appended to; None: it goes where the operator's goes.
    """

    def __init__(
        self, name: str, program: Program, *, lifeline: Lifeline, grace_seconds: float, log: Path | None = None
    ) -> None:
        self.name = name
        self.uid = str(uuid.uuid4())
        self.restarts = 0
        self.last_end = ""
        self._program = program
        self._lifeline = lifeline
        self._grace_seconds = grace_seconds
        self._log_file = log
        self._made = time.monotonic()
        self._process: asyncio.subprocess.Process | None = None
        self._ends = 0
        """Since it was healthy."""
        self._pausing = False
        self._told_to_go = asyncio.Event()
        self._log = structlog.get_logger().bind(program=program.name, replica=name)

    @property
    def pid(self) -> int | None:
        """The process ID, while there is a process."""
        return self._process.pid if self._process is not None else None

    @property
    def state(self) -> ReplicaState:
        """What it is doing."""
        if self._told_to_go.is_set():
            return ReplicaState.ENDING
        if self._process is not None:
            return ReplicaState.RUNNING
        return ReplicaState.WAITING if self._pausing else ReplicaState.STARTING

    @property
    def candidate(self) -> Candidate:
        """What the choice of who goes needs to know of it."""
        return Candidate(self.name, self._process is not None, self._made)

    def go(self) -> None:
        """Tell it to go; `run` returns when it has."""
        self._told_to_go.set()

    async def run(self) -> None:
        """Keep the program running until it is told to go, and return when nothing of it is left."""
        while not self._told_to_go.is_set():
            began = time.monotonic()
            how = await self._run_once()
            if self._told_to_go.is_set():
                return
            self.last_end = how
            self._ends = 1 if time.monotonic() - began >= HEALTHY_SECONDS else self._ends + 1
            pause = pause_before_restart(self._ends)
            self._log.warning("Replica ended by itself; it is started again", how=how, pause_seconds=pause)
            self._pausing = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._told_to_go.wait()
            # with the count, at once: whoever reads both sees each end once
            self._pausing = False
            self.restarts += not self._told_to_go.is_set()

    async def _run_once(self) -> str:
        try:
            process = await self._start()
        except (OSError, subprocess.SubprocessError) as error:
            return f"cannot be started: {error}"
        self._process = process
        self._log.info("Replica started", pid=process.pid)
        leaving = asyncio.create_task(self._end_when_told(process))
        try:
            code = await process.wait()
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            # what it may have started goes with it
            _signal_group(process.pid, signal.SIGKILL)
            self._lifeline.dismiss(process.pid)
            self._process = None
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if self._told_to_go.is_set():
            self._log.info("Replica is gone", how=how)
        return how

    async def _start(self) -> asyncio.subprocess.Process:
        self._lifeline.hold()
        with contextlib.ExitStack() as open_files:
            output = None
            if self._log_file is not None:
                self._log_file.parent.mkdir(parents=True, exist_ok=True)
                output = open_files.enter_context(self._log_file.open("ab"))
            process = await asyncio.create_subprocess_exec(
                *self._program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, _POD_NAME: self.name},
                # a process group of its own: Ctrl-C is the operator's, and all that it starts can be ended with it
                start_new_session=True,
                preexec_fn=self._lifeline.enroll_self,
            )
        self._lifeline.enrolled(process.pid)
        return process

    async def _end_when_told(self, process: asyncio.subprocess.Process) -> None:
        await self._told_to_go.wait()
        self._log.info("Replica is told to go", pid=process.pid)
        _signal_group(process.pid, signal.SIGTERM)
        _signal_group(process.pid, signal.SIGCONT)
        await asyncio.sleep(self._grace_seconds)
        self._log.warning(
            "Replica did not go in time and is killed", pid=process.pid, grace_seconds=self._grace_seconds
        )
        _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    # PermissionError: macOS says so of a group of which only a zombie is left
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
