"""One event on an idle stream: how long until replicas are written, and until the new pod has acknowledged it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.contender import BenchError
from tests.bench.operator.raw_pods import raw_pods
from tests.bench.operator.stage import Stage, until
from tests.bench.operator.watching import Watch

__all__ = ["wake"]

_LONGEST_SECONDS = 60
_SCALING = {"maxReplicas": 20, "scaleDown": {"idleSeconds": 2, "stabilizationSeconds": 5}}


def wake(stage: Stage, runs: int) -> Mapping[str, Sequence[float]]:
    """Measure from the event's arrival; the pod's start is what the cluster takes from the write to the first read."""
    stage.operator()
    stage.create(["wake"], scaling=_SCALING)
    written, acknowledged, started = [], [], []
    with raw_pods(stage, "wake", count=10, seconds=0.0), Watch(stage, "wake") as watch:
        for _ in range(runs):
            until(lambda: stage.rests("wake"), "the consumer rests", 60, pause=0.2)
            time.sleep(1.5)  # until its stream is waited for; what is measured begins after it
            added = time.monotonic()
            stage.client.xadd("wake", {"n": 1})
            began = _told_at(stage, "wake:began")
            done = _told_at(stage, "wake:done")
            write = watch.wait(added)
            written.append((write.at - added) * 1000)
            started.append(began - write.at)
            acknowledged.append(done - added)
            watch.wait(added, replicas=0)
    return {"wake_written_ms": written, "wake_acknowledged_s": acknowledged, "wake_pod_start_s": started}


def _told_at(stage: Stage, key: str) -> float:
    """Wait for what a consumer puts on a list, and return when it came."""
    told: Any = stage.client.blpop([key], timeout=_LONGEST_SECONDS)
    if told is None:
        raise BenchError(f"nothing on {key} within {_LONGEST_SECONDS} s: no consumer came")
    return time.monotonic()
