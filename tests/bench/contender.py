"""Whoever is measured: a name, a configuration to print, and a way to run once."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.bench.measurement import Measurement
from tests.bench.stopwatch import GC_THRESHOLDS
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer
from sluiceway.garbage import THRESHOLDS

__all__ = ["BenchError", "Contender", "Program"]

_LONGEST_RUN_SECONDS = 300


class BenchError(Exception):
    """A run that is worth nothing: it failed, or did not do all of its work."""


class Contender(Protocol):
    """One row of the table, or a variant that is shown inside of one."""

    @property
    def name(self) -> str:
        """The row's name."""

    @property
    def configuration(self) -> Mapping[str, object]:
        """What a reader has to know to repeat it."""

    def run(self, server: EmbeddedServer, scale: float) -> Measurement:
        """Run once on an empty server.

        Args:
            server: A fresh one.
            scale: Share of the usual amount of work.

        Raises:
            BenchError: It failed, or did not do all of its work.
        """


@dataclass(frozen=True, slots=True)
class Program:
    """A contender that is one process: it fills its stream, does the work and reports (see `stopwatch.report`).

    Args:
        name: The row's name.
        module: Program under `tests.bench.contenders`.
        python: Interpreter, which decides about the environment.
        events: Entries of a usual run.
        arguments: Further arguments.
        outputs_per_event: Entries that handling one event has to append.
        configuration: See `Contender`.
    """

    name: str
    module: str
    python: Path
    events: int
    arguments: tuple[str, ...]
    outputs_per_event: int
    configuration: Mapping[str, object]

    def run(self, server: EmbeddedServer, scale: float) -> Measurement:
        """Run once on an empty server; see `Contender`."""
        events = max(1, int(self.events * scale))
        command = [
            str(self.python),
            "-m",
            f"tests.bench.contenders.{self.module}",
            server.url,
            "--events",
            str(events),
            *self.arguments,
        ]
        told = self._told_by(command)
        if told["processed"] != events or told["outputs"] != events * self.outputs_per_event:
            raise BenchError(
                f"{self.name}: of {events} events {told['processed']} were processed, with {told['outputs']} outputs"
            )
        return Measurement(events, told["seconds"], told["cpu_seconds"])

    def _told_by(self, command: list[str]) -> dict[str, Any]:
        # the root on the path for tests.bench; a folder without __init__.py there shadows nothing
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONSAFEPATH": "1",
            GC_THRESHOLDS: " ".join(map(str, THRESHOLDS)),
        }
        try:
            done = subprocess.run(
                command,
                check=False,
                env=environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=_LONGEST_RUN_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"{self.name}: no end after {_LONGEST_RUN_SECONDS} s") from error
        if done.returncode != 0:
            raise BenchError(f"{self.name}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told
