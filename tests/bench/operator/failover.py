"""The operator gets SIGKILL: how long nobody scales, with a standby that waits for the Lease and with a process that is started again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tests.bench.operator.stage import Stage, until
from tests.bench.operator.watching import Watch

__all__ = ["failover", "recreate"]

_SCALING = {"maxReplicas": 20, "scaleDown": {"idleSeconds": 2, "stabilizationSeconds": 5}}


def failover(stage: Stage, runs: int) -> Mapping[str, Sequence[float]]:
    """Kill the leader of two: until the other one holds the Lease, and until it has answered what came in that moment."""
    stage.create(["failover"], scaling=_SCALING)
    leader = stage.operator()
    until(lambda: stage.holder() == "operator-1", "the first leads", 60, pause=0.1)
    held, written = [], []
    with Watch(stage, "failover") as watch:
        for number in range(2, runs + 2):
            standby = stage.operator()
            until(lambda: stage.rests("failover"), "the consumer rests", 60, pause=0.2)
            time.sleep(5)  # until it has seen the Lease renewed, as any standby has
            leader.kill()
            at = time.monotonic()
            entry = _add(stage, "failover")
            until(lambda wanted=f"operator-{number}": stage.holder() == wanted, "the other leads", 60)  # type: ignore[misc]
            held.append(time.monotonic() - at)
            written.append(watch.wait(at).at - at)
            _finish(stage, "failover", entry)
            watch.wait(at, replicas=0)
            leader = standby
    return {"failover_lease_s": held, "failover_lease_written_s": written}


def recreate(stage: Stage, runs: int) -> Mapping[str, Sequence[float]]:
    """Kill the only one; its supervisor starts it again at once, without the pause that a kubelet makes when it happens often."""
    stage.create(["recreate"], scaling=_SCALING)
    operator = stage.operator("operator-1")
    written = []
    with Watch(stage, "recreate") as watch:
        for _ in range(runs):
            until(lambda: stage.rests("recreate"), "the consumer rests", 60, pause=0.2)
            operator.kill()
            at = time.monotonic()
            entry = _add(stage, "recreate")
            operator = stage.operator("operator-1")
            written.append(watch.wait(at).at - at)
            _finish(stage, "recreate", entry)
            watch.wait(at, replicas=0)
    return {"failover_recreate_written_s": written}


def _add(stage: Stage, stream: str) -> bytes | str:
    return stage.client.xadd(stream, {"n": 1})


def _finish(stage: Stage, stream: str, entry: bytes | str) -> None:
    stage.client.xreadgroup(stream, "somebody", {stream: ">"})
    stage.client.xack(stream, stream, entry)
