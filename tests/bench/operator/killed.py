"""The operator gets SIGKILL before each step of a load that grows: how long until the target has what the step asks for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tests.bench.operator.stage import Stage, until
from tests.bench.operator.watching import Watch

__all__ = ["killed"]

_STEPS = (2, 5, 9, 14, 20)
_PER_REPLICA = 100


def killed(stage: Stage, runs: int) -> Mapping[str, Sequence[float]]:
    """Kill it, add the step's backlog, and start it again at once, as a kubelet does that has no reason to wait."""
    operator = stage.operator("operator-1")
    took = []
    for run in range(runs):
        name = f"killed-{run}"
        stage.create([name], scaling={"maxReplicas": _STEPS[-1], "target": {"backlogPerReplica": _PER_REPLICA}})
        until(lambda name=name: stage.rests(name), "the consumer rests", 60, pause=0.2)  # type: ignore[misc]
        with Watch(stage, name) as watch:
            for before, replicas in zip((0, *_STEPS), _STEPS, strict=False):
                operator.kill()
                at = time.monotonic()
                stage.add(name, (replicas - before) * _PER_REPLICA)
                operator = stage.operator("operator-1")
                took.append(watch.wait(at, replicas=replicas).at - at)
    return {"operator_killed_target_reached_s": took}
