"""A Prometheus of the machine's own, on the loopback, that scrapes what a test names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from sluiceway.embedded.ports import HOST, free_port

from .eventually import eventually
from .monitoring import RULES

__all__ = ["Prometheus", "prometheus", "prometheus_binaries"]


def prometheus_binaries() -> list[str]:
    """The server's program, if this machine has it."""
    found = shutil.which("prometheus")
    return [found] if found else []


class Prometheus:
    """One that runs.

    Args:
        url: Where.
        http: Asks it.
    """

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def series(self, expression: str) -> int:
        """How many series an expression has now."""
        return len((await self._get("query", {"query": expression}))["result"])

    async def rule_health(self) -> set[str]:
        """What became of the rules when they were evaluated: `ok`, `err` or `unknown`."""
        groups = (await self._get("rules", {}))["groups"]
        return {rule["health"] for group in groups for rule in group["rules"]}

    async def _get(self, what: str, parameters: Mapping[str, str]) -> Any:
        async with self._http.get(f"{self._url}/api/v1/{what}", params=parameters) as response:
            answer = await response.json()
        assert answer["status"] == "success", answer
        return answer["data"]


@asynccontextmanager
async def prometheus(binary: str, folder: Path, jobs: Mapping[str, int]) -> AsyncIterator[Prometheus]:
    """Run one with the chart's alerts.

    Args:
        binary: The program.
        folder: Where its files go.
        jobs: Ports on the loopback by the name of the job.
    """
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": name, "honor_labels": True, "static_configs": [{"targets": [f"{HOST}:{port}"]}]}
            for name, port in jobs.items()
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    where = (f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={HOST}:{port}", "--log.level=error")
    process = _start([binary, f"--config.file={folder / 'prometheus.yaml'}", *where])
    try:
        async with aiohttp.ClientSession() as http:

            async def ready() -> bool:
                assert process.poll() is None, "it ended"
                async with http.get(f"http://{HOST}:{port}/-/ready") as response:
                    return response.status == 200

            await eventually(ready, within_seconds=60, ignoring=(aiohttp.ClientError,))
            yield Prometheus(f"http://{HOST}:{port}", http)
    finally:
        process.kill()
        process.wait(30)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command)
