"""Starts `gated_consumer` and other programs of tests/support, and opens the gates their handlers wait at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.processes import Program, Programs

__all__ = ["begun", "gated_consumer", "open_gate", "start_program"]

ROOT = Path(__file__).parents[2]


def start_program(programs: Programs, name: str, *arguments: str) -> Program:
    """Start a program of tests/support/programs."""
    return programs.start("-m", f"tests.support.programs.{name}", *arguments, env={"PYTHONPATH": str(ROOT)})


def gated_consumer(programs: Programs, url: str, **options: Any) -> Program:
    """Start a consumer whose handlers wait at a gate; see its module for the options."""
    return start_program(programs, "gated_consumer", url, json.dumps(options))


def open_gate(folder: Path, value: int | None = None) -> None:
    """Let the handlers of a number (or of all numbers) go on, in every program that works in this folder."""
    (folder / ("gate" if value is None else f"gate-{value}")).touch()


def begun(program: Program) -> list[int]:
    """The numbers whose handlers began in a program, in that order."""
    return [record["value"] for record in program.records if record.get("did") == "began"]
