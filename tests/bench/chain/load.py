"""A load generator in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.chain import accepted
from tests.bench.contender import BenchError
from tests.support.repository import ROOT

from sluiceway.embedded.ports import HOST

__all__ = ["CONNECTIONS", "Load"]

CONNECTIONS = 64
"""Customers that order at once, over HTTP."""


@dataclass(frozen=True, slots=True)
class Load:
    """A load generator in a process of its own.

    Args:
        kind: `http` or `direct`.
        url: The event store.
        port: Of the orders service.
        folder: For its list of accepted orders.
    """

    kind: str
    url: str
    port: int
    folder: Path

    async def run(self, orders: int, rate: float | None) -> tuple[dict[str, Any], dict[str, float]]:
        """Send orders; return what it reports, and when each accepted order was due.

        Args:
            orders: How many.
            rate: Per second; None: as fast as they are taken.

        Raises:
            BenchError: It failed, or not all orders were accepted.
        """
        path = self.folder / "accepted"
        target = [HOST, str(self.port), "--connections", str(CONNECTIONS)] if self.kind == "http" else [self.url]
        command = [
            "-m",
            f"tests.bench.chain.load_{self.kind}",
            *target,
            "--orders",
            str(orders),
            "--accepted",
            str(path),
        ]
        if rate is not None:
            command += ["--rate", str(rate)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode != 0:
            raise BenchError(f"load generator: exit code {process.returncode}\n{err.decode()}")
        told = json.loads(out.decode().splitlines()[-1])
        due = accepted.read(path)
        if len(due) != orders:
            raise BenchError(f"load generator: {len(due)} of {orders} orders were accepted; refused: {told['refused']}")
        return told, due
