"""What the numbers were measured on and with."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.bench.workload import PAYLOAD

from sluiceway.embedded import EmbeddedServer
from sluiceway.garbage import THRESHOLDS

__all__ = ["setting"]

_VERSIONS = "from importlib.metadata import version as v; print(v('faststream'), v('redis'), v('hiredis'), v('uvloop'))"


def setting(server: EmbeddedServer, faststream_python: Path | None) -> dict[str, object]:
    """Return the configuration that all rows share.

    Args:
        server: One like those that were used.
        faststream_python: Interpreter of FastStream's environment, where it was measured.
    """
    told: dict[str, object] = {
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "server": f"{server.binary.product} {server.version}, append-only file, synced every second and never rewritten, on loopback",
        "payload_bytes": len(PAYLOAD),
        "event_loop": f"uvloop {version('uvloop')}",
        "garbage_collector": f"frozen at the start, thresholds {THRESHOLDS} (as sluiceway.run sets it), for every contender",
        "libraries": ", ".join(f"{name} {version(name)}" for name in ("redis", "hiredis", "pydantic", "aiohttp")),
    }
    if faststream_python is not None:
        names = ("faststream", "redis", "hiredis", "uvloop")
        versions = subprocess.run(
            [faststream_python, "-c", _VERSIONS], capture_output=True, text=True, check=True
        ).stdout.split()
        told["faststream"] = ", ".join(f"{name} {number}" for name, number in zip(names, versions, strict=True))
    return told


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor unknown"
    )
