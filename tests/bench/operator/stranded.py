"""60 events of 8 s, read ten at a time, and a reduction in the midst of them: what is left that nobody has who lives."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.operator import slow_service
from tests.bench.operator.raw_pods import raw_pods
from tests.bench.operator.stage import NAMESPACE, Stage, until
from tests.bench.operator.watching import Watch
from tests.support.controller_manager import running_controllers
from tests.support.node import Node
from tests.support.processes import Program, Programs
from tests.support.replica_writes import raised
from tests.support.repository import ROOT

__all__ = ["stranded"]

_EVENTS = 60
_COUNT = 10
_HANDLER_SECONDS = 8.0
_QUIET_SECONDS = 3 * _HANDLER_SECONDS
_LONGEST_SECONDS = 600


def stranded(stage: Stage, _runs: int) -> Mapping[str, Sequence[float]]:
    """Measure once with redis-py alone, which hands nothing back, and once with the SDK; all settings are the defaults."""
    stage.operator()
    raw = _once(stage, "raw", raw_pods(stage, "raw", count=_COUNT, seconds=_HANDLER_SECONDS))
    sdk = _once(stage, "sdk", _sdk_pods(stage))
    return {
        "scale_down_stranded": [raw["stranded"]],
        "scale_down_busy_before_idle": [raw["busy_before_idle"]],
        "scale_down_writes_up": [raw["writes_up"]],
        "scale_down_stranded_sdk": [sdk["stranded"]],
        "scale_down_busy_before_idle_sdk": [sdk["busy_before_idle"]],
        "scale_down_writes_up_sdk": [sdk["writes_up"]],
    }


def _once(stage: Stage, name: str, pods: Any) -> Mapping[str, float]:
    stage.create([name], scaling={"maxReplicas": 20})
    until(lambda: stage.rests(name), "the consumer rests", 60, pause=0.2)
    with pods as node, Watch(stage, name) as watch:
        for number in range(_EVENTS):
            stage.client.xadd(name, _event(number))
        busy_before_idle, quiet_since, seen_going = 0, time.monotonic(), set[str]()
        held: dict[str, int] = {}
        began = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_SECONDS and time.monotonic() - began < _LONGEST_SECONDS:
            going = {one for one, pod in list(node.pods.items()) if pod.going_at is not None} - seen_going
            # who was asked to go, judged by what each held when it was looked at before
            staying = node.living() - going - seen_going
            idle = [one for one in staying if not held.get(one)]
            busy_before_idle += min(len(idle), sum(bool(held.get(one)) for one in going))
            seen_going |= going
            held = _held(stage, name)
            (group,) = stage.client.xinfo_groups(name)
            if group["lag"] or any(held.get(one) for one in node.living()):
                quiet_since = time.monotonic()
            elif not group["pending"]:
                break
            time.sleep(0.1)
        living = node.living()
        left = sum(entries for one, entries in _held(stage, name).items() if one not in living)
        return {
            "stranded": left,
            "busy_before_idle": busy_before_idle,
            "writes_up": len(raised(watch.writes)),
        }


def _held(stage: Stage, name: str) -> dict[str, int]:
    consumers: Any = stage.client.xinfo_consumers(name, name)
    return {each["name"].decode(): each["pending"] for each in consumers}


def _event(number: int) -> dict[Any, Any]:
    return {"type": "SLOW", "payload": f'{{"number":{number}}}'}


@contextmanager
def _sdk_pods(stage: Stage) -> Iterator[Node]:
    with TemporaryDirectory(prefix="sluiceway-bench-") as folder:
        programs = Programs(Path(folder))
        words = (str(Path(slow_service.__file__)), stage.server.url, "sdk", str(_COUNT), str(_HANDLER_SECONDS))

        def start(pod: str) -> Program:
            return programs.start(*words, env={"POD_NAME": pod, "PYTHONPATH": str(ROOT)})

        try:
            with running_controllers(stage.api, stage.folder), Node(stage.api, NAMESPACE, start) as node:
                yield node
        finally:
            programs.clear_away()
