"""What is measured of the operator; each takes a stage of its own and gives numbers by the names of their rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from tests.bench.contender import BenchError
from tests.bench.operator.burst import burst
from tests.bench.operator.failover import failover, recreate
from tests.bench.operator.killed import killed
from tests.bench.operator.stage import Stage, until
from tests.bench.operator.stranded import stranded
from tests.bench.operator.wake import wake

__all__ = ["MEASURES", "QUICK"]

Numbers = Mapping[str, Sequence[float]]

_IDLE = 1000
_IDLE_SECONDS = 30.0


def idle(stage: Stage, _runs: int) -> Numbers:
    """A thousand consumers of a thousand idle streams, and nothing happens."""
    stage.create([f"idle-{number}" for number in range(_IDLE)])
    operator = stage.operator()
    ready = until(lambda: stage.ready() == _IDLE, f"{_IDLE} are ready", pause=2.0)
    until(lambda: stage.rests("idle-0"), "they rest", 120, pause=1.0)
    time.sleep(20)  # until the last of them rests
    before, began = operator.cpu_seconds(), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    cores = (operator.cpu_seconds() - before) / (time.monotonic() - began)
    clients = [each for each in stage.client.client_list() if each["cmd"] != "client|list"]
    if not clients:
        raise BenchError("the operator has no connection: it looks at nothing")
    return {
        "idle_1000_ready_s": [ready],
        "idle_1000_cores": [cores],
        "idle_1000_rss_mib": [operator.rss_mib()],
        "idle_1000_connections": [len(clients)],
    }


MEASURES: Mapping[str, Callable[[Stage, int], Numbers]] = {
    "wake": wake,
    "failover": failover,
    "recreate": recreate,
    "killed": killed,
    "burst": burst,
    "stranded": stranded,
    "idle": idle,
}
QUICK = ("wake", "recreate", "killed")
"""What shows in two minutes whether measuring works."""
