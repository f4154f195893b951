"""Time on the wall and on the processors, of this process and of the server, and one line of JSON about it.

Imports nothing of Sluiceway: FastStream's own environment uses it too.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any

import redis

__all__ = ["GC_THRESHOLDS", "Stopwatch", "report"]

GC_THRESHOLDS = "SLUICEWAY_BENCH_GC"
"""Variable with the garbage collector's thresholds, the same for every contender."""


class Stopwatch:
    """Runs from its making to `stop`.

    Args:
        url: The server, whose processor time is asked for before and after.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        _collect_rarely()
        self._server_began = server_cpu_seconds(url)
        self._cpu_began = time.process_time()
        self._began = time.perf_counter()

    def stop(self) -> dict[str, Any]:
        """Return the seconds since then."""
        seconds = time.perf_counter() - self._began
        client = time.process_time() - self._cpu_began
        return {
            "seconds": seconds,
            "cpu_seconds": {"client": client, "server": server_cpu_seconds(self._url) - self._server_began},
        }


def _collect_rarely() -> None:
    thresholds = [int(each) for each in os.environ.get(GC_THRESHOLDS, "").split()]
    if thresholds:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*thresholds)


def server_cpu_seconds(url: str) -> float:
    """User and system time that a server has used so far."""
    with redis.Redis.from_url(url) as client:
        about: dict[str, Any] = client.info("cpu")
    return float(about["used_cpu_sys"]) + float(about["used_cpu_user"])


def report(**told: Any) -> None:
    """Write what was measured as the last line of the output, where the one who started this process looks for it."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
