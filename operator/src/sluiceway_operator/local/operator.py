"""The operator on one machine: the control loop, fed by files, on processes."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from ..control import Fleet, Servers
from ..registry import Registry
from .files import ResourceFiles
from .program import Program
from .state import StateFolder
from .told import ToldReports
from .workloads import ProcessWorkloads

__all__ = ["LocalSettings", "run"]


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What a local operator is told.

    Args:
        programs: What can be scaled.
        grace_seconds: How long a replica has between SIGTERM and SIGKILL.
        state: A folder for the state of each resource; None: it is not written.
        logs: A folder for the output of replicas; None: it goes where ours goes.
    """

    programs: Sequence[Program]
    grace_seconds: float
    state: Path | None = None
    logs: Path | None = None


async def run(settings: LocalSettings, files: ResourceFiles, registry: Registry, servers: Servers) -> None:
    """Look after the registry's resources until SIGTERM or Ctrl-C, then end all replicas.

    A second signal does not wait for them: the warden ends them.

    Args:
        settings: What to run.
        files: Keep the registry.
        registry: The resources.
        servers: Finds their servers.
    """
    log = structlog.get_logger()
    workloads = ProcessWorkloads(settings.programs, logs=settings.logs, grace_seconds=settings.grace_seconds)
    reports = ToldReports()
    fleet = Fleet(registry, servers, workloads, reports)
    state = StateFolder(settings.state, registry, reports, workloads) if settings.state is not None else None
    told_to_end = _signals()
    showing = asyncio.create_task(state.run()) if state is not None else None
    working = [asyncio.create_task(each) for each in (fleet.run(), files.run(), told_to_end.wait())]
    try:
        log.info("Looking after resources", resources=len(registry), programs=[each.name for each in settings.programs])
        done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        log.info("Ending all replicas")
    finally:
        # nobody scales any more while replicas go, and whoever looks sees them go
        await _end(working)
        await workloads.close()
        await _end([showing] if showing is not None else [])
        if state is not None:
            state.remove()


def _signals() -> asyncio.Event:
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        told_to_end.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    return told_to_end


async def _end(tasks: Sequence["asyncio.Task[object]"]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
