"""Starts `gated_consumer` and other programs of tests/support, and opens the gates their handlers wait at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.processes import Program, Programs
from tests.support.servers import SERVERS, name_of

__all__ = ["ON_ONE_SERVER", "begun", "gated_consumer", "open_gate", "start_program"]

ROOT = Path(__file__).parents[2]

ON_ONE_SERVER = pytest.mark.parametrize("server_binary", SERVERS[:1], ids=name_of, indirect=True)
"""For tests that start many processes, and that the server's product has no part in."""


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
