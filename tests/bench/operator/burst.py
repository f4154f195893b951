"""20,000 events of 20 ms on an idle stream, at most 20 replicas: writes, time and what it cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tests.bench.operator.raw_pods import raw_pods
from tests.bench.operator.stage import Stage, until
from tests.bench.operator.watching import Watch, Write
from tests.support.replica_writes import raised

__all__ = ["burst", "replica_seconds"]

_EVENTS = 20_000
_MOST = 20
_HANDLER_SECONDS = 0.02
_COUNT = 10


def burst(stage: Stage, runs: int) -> Mapping[str, Sequence[float]]:
    """Measure with everything at its default but the greatest number of replicas."""
    stage.operator()
    found: dict[str, list[float]] = {}
    for run in range(runs):
        for name, number in _once(stage, f"burst-{run}").items():
            found.setdefault(name, []).append(number)
    return found


def _once(stage: Stage, name: str) -> Mapping[str, float]:
    stage.create([name], scaling={"maxReplicas": _MOST})
    until(lambda: stage.rests(name), "the consumer rests", 60, pause=0.2)
    pods = raw_pods(stage, name, count=_COUNT, seconds=_HANDLER_SECONDS)
    with pods, Watch(stage, name) as watch:
        pipeline = stage.client.pipeline(transaction=True)
        for number in range(_EVENTS):
            pipeline.xadd(name, {"n": number})
        began = time.monotonic()
        pipeline.execute()
        first = watch.wait(began)

        def drained() -> bool:
            (group,) = stage.client.xinfo_groups(name)
            return not group["lag"] and not group["pending"]

        until(lambda: stage.client.llen(f"{name}:began") >= _MOST, "all pods have begun", 60, pause=0.01)
        all_began = time.monotonic()
        until(drained, "the burst is drained", 180, pause=0.1)
        over = time.monotonic()
        one = watch.wait(over - 1, replicas=1, seconds=180)
        zero = watch.wait(one.at, replicas=0, seconds=180)
        return {
            "burst_writes_up": len(raised(watch.writes)),
            "burst_pods_start_s": all_began - first.at,
            "burst_drained_s": over - began,
            "burst_replica_seconds": replica_seconds(watch.writes, one.at),
            "burst_replica_seconds_until_zero": replica_seconds(watch.writes, zero.at),
        }


def replica_seconds(writes: Sequence[Write], until_at: float) -> float:
    """Return replicas by the time that they were asked for."""
    ends = [*(each.at for each in writes[1:]), until_at]
    return sum(each.replicas * max(0.0, min(end, until_at) - each.at) for each, end in zip(writes, ends, strict=True))
