"""One service process: started, watched, stopped, killed."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop_demo.observe import ConsumerState
from sluiceway.embedded.lifetime import die_with_parent

_LAST_LINES_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Spec:
    """How to run one process.

    Args:
        name: what it is called in the view and how its log file is named, like ``payments-1``.
        service: the service it is one process of, like ``payments``.
        command: program and arguments.
        environment: its whole environment.
        log: the file that its output is appended to.
        ready_url: answers 200 once it can work; ``None``: ready as soon as it runs.
    """

    name: str
    service: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready_url: str | None = None


@dataclass(slots=True, eq=False)
class Child:
    """A running (or ended) process of a `Spec`."""

    spec: Spec
    process: asyncio.subprocess.Process
    ready: bool = False
    ending: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.spec.name

    @property
    def service(self) -> str:
        """The service that it is a process of."""
        return self.spec.service

    @property
    def pid(self) -> int:
        """The process ID."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Tell whether the process has not ended yet."""
        return self.process.returncode is None

    def consumes_as(self, consumer: ConsumerState) -> bool:
        """Tell whether it is this consumer."""
        return consumer.belongs_to(self.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process still runs."""
        if self.running:
            self.process.send_signal(number)

    async def stop(self, grace_seconds: float) -> bool:
        """Ask the process to end, and insist after a while.

        Args:
            grace_seconds: how long it may take before it is killed.

        Returns:
            whether it ended by itself in time.
        """
        self.ending = True
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        try:
            async with asyncio.timeout(grace_seconds):
                await self.process.wait()
        except TimeoutError:
            await self.kill()
            return False
        return True

    async def kill(self) -> None:
        """End the process with SIGKILL, at whatever instruction it is."""
        self.ending = True
        self.send(signal.SIGKILL)
        await self.process.wait()


async def spawn(spec: Spec) -> Child:
    """Start a process in a session of its own, so that Ctrl-C at the terminal reaches only the demo.

    Args:
        spec: what to run.

    Returns:
        the running process.

    Raises:
        OSError: the program cannot be executed.
    """
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    with spec.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(spec.environment),
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # even a killed demo leaves no services behind
        )
    return Child(spec, process)


def last_lines(log: Path, count: int = 15) -> str:
    """Give the last lines of a log file, or a word on why there are none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LAST_LINES_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError as error:
        return f"(no log: {error.strerror})"
    return "\n".join(lines[-count:]) if lines else "(its log is empty)"
