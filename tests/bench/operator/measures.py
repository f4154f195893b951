"""What is measured of the operator; each takes a stage of its own and gives numbers by the names of their rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from tests.bench.contender import BenchError
from tests.bench.operator.pods import Pods
from tests.bench.operator.stage import Stage, until
from tests.bench.operator.watching import Watch, Write

__all__ = ["MEASURES", "replica_seconds"]

Numbers = Mapping[str, Sequence[float]]

_SOON = {"scaling": {"maxReplicas": 20, "scaleDown": {"idleSeconds": 2, "stabilizationSeconds": 5}}}
_BURST = 20_000
_IDLE = 1000
_IDLE_SECONDS = 30.0


def wake(stage: Stage, runs: int) -> Numbers:
    """One event on an idle stream: how long until its Deployment's replicas are written."""
    stage.operator()
    stage.create(["wake"], **_SOON)
    took = []
    with Watch(stage, "wake") as watch:
        for _ in range(runs):
            until(lambda: stage.rests("wake"), "the consumer rests", 60, pause=0.2)
            time.sleep(1.5)  # until its stream is waited for; what is measured begins after it
            added = time.monotonic()
            entry = stage.client.xadd("wake", {"n": 1})
            took.append((watch.wait(added).at - added) * 1000)
            stage.client.xreadgroup("wake", "somebody", {"wake": ">"})
            stage.client.xack("wake", "wake", entry)
            watch.wait(added, replicas=0)
    return {"wake_write_ms": took}


def failover(stage: Stage, runs: int) -> Numbers:
    """The leader of two operators gets SIGKILL: how long until the other one holds the Lease."""
    stage.create(["failover"], **_SOON)
    leader = stage.operator()
    until(lambda: stage.holder() == "operator-1", "the first leads", 60, pause=0.1)
    took = []
    for number in range(2, runs + 2):
        standby = stage.operator()
        time.sleep(5)  # until it has seen the Lease renewed, as any standby has
        leader.kill()
        took.append(until(lambda wanted=f"operator-{number}": stage.holder() == wanted, "the other leads", 60))  # type: ignore[misc]
        leader = standby
    return {"failover_lease_s": took}


def burst(stage: Stage, runs: int) -> Numbers:
    """20,000 events of 20 ms on an idle stream, at most 20 replicas."""
    stage.operator()
    found: dict[str, list[float]] = {"burst_writes_up": [], "burst_drained_s": [], "burst_replica_seconds": []}
    for run in range(runs):
        name = f"burst-{run}"
        stage.create([name], scaling={"maxReplicas": 20, "target": {"drainSeconds": 10}})
        until(lambda name=name: stage.rests(name), "the consumer rests", 60, pause=0.2)  # type: ignore[misc]
        with Watch(stage, name) as watch, Pods(watch, stage.server.url, name):
            pipeline = stage.client.pipeline(transaction=True)
            for number in range(_BURST):
                pipeline.xadd(name, {"n": number})
            began = time.monotonic()
            pipeline.execute()
            watch.wait(began)

            def drained(name: str = name) -> bool:
                (group,) = stage.client.xinfo_groups(name)
                return not group["lag"] and not group["pending"]

            until(drained, "the burst is drained", 120, pause=0.1)
            over = time.monotonic()
            last = watch.wait(over - 1, replicas=1, seconds=120)
            found["burst_drained_s"].append(over - began)
            ups = [after for before, after in pairwise(watch.writes) if after.replicas > before.replicas]
            found["burst_writes_up"].append(len(ups))
            found["burst_replica_seconds"].append(replica_seconds(watch.writes, last.at))
            watch.wait(last.at, replicas=0, seconds=120)
    return found


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


def replica_seconds(writes: Sequence[Write], until_at: float) -> float:
    """Return replicas by the time that they were asked for."""
    ends = [*(each.at for each in writes[1:]), until_at]
    return sum(each.replicas * max(0.0, min(end, until_at) - each.at) for each, end in zip(writes, ends, strict=True))


MEASURES: Mapping[str, Callable[[Stage, int], Numbers]] = {
    "wake": wake,
    "failover": failover,
    "burst": burst,
    "idle": idle,
}
