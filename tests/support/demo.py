"""The demo as a program: run to its end, with what it said."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has ended.

    Args:
        code: Its exit code.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
    """

    code: int | None
    out: str
    err: str

    @property
    def figures(self) -> dict[str, Any]:
        """The JSON object in the last line on stdout."""
        figures: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return figures

    @override
    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n{self.err}"


async def run_demo(
    *arguments: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
    python: Path | str = sys.executable,
    within_seconds: float = 90,
) -> Finished:
    """Run the demo in a folder of its own until it ends.

    Args:
        arguments: As on its command line.
        folder: Its working directory.
        env: Added to the environment; the services inherit it.
        python: The interpreter, for the demo and the services.
        within_seconds: Deadline; then it is killed, and TimeoutError raised.
    """
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        "shop_demo",
        *arguments,
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within_seconds):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Finished(process.returncode, out.decode(), err.decode())


def processes_in(folder: Path) -> list[psutil.Process]:
    """The live processes that work in a folder or below it: a demo, its services, its server."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def service_process(folder: Path, service: str) -> psutil.Process:
    """The first process of a service that works in a folder."""
    return next(process for process in processes_in(folder) if f"shop_{service}" in process.cmdline())
