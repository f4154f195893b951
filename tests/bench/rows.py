"""Measurements of several rounds, summed up as the rows that are kept and shown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.bench.catalogue import WITH_OUTPUT
from tests.bench.measurement import Measurement

__all__ = ["YARDSTICK", "rows"]

YARDSTICK = "raw_redis_py"

Row = dict[str, Any]


def rows(
    measured: Mapping[str, Sequence[Measurement]], configurations: Mapping[str, Mapping[str, object]]
) -> list[Row]:
    """Return one row a name, with medians over the rounds; a variant with outputs goes inside the row of its name.

    Args:
        measured: Every round's measurement by name.
        configurations: What is told about each name.
    """
    yardstick = _rate(measured[YARDSTICK]) if YARDSTICK in measured else None
    made = {name: _row(name, runs, configurations[name], yardstick) for name, runs in measured.items()}
    for name in [name for name in made if name.endswith(WITH_OUTPUT)]:
        variant = made.pop(name)
        if (main := made.get(name.removesuffix(WITH_OUTPUT))) is not None:
            main["with_output"] = {key: value for key, value in variant.items() if key != "name"}
    return list(made.values())


def _row(name: str, runs: Sequence[Measurement], configuration: Mapping[str, object], yardstick: float | None) -> Row:
    rate = _rate(runs)
    row: Row = {
        "name": name,
        "events_per_s": round(rate),
        "ratio_to_raw": None if yardstick is None else round(rate / yardstick, 3),
        "runs": [round(run.events_per_s) for run in runs],
        "cpu_us_per_event": _medians([run.cpu_us_per_event() for run in runs], 2),
        "cpu_seconds": _medians([run.cpu_seconds for run in runs], 2),
        "configuration": dict(configuration),
    }
    orders = [run.orders_per_s for run in runs if run.orders_per_s is not None]
    if orders:
        row["orders_per_s"] = round(statistics.median(orders))
    latencies = [run.latency_ms for run in runs if run.latency_ms is not None]
    if latencies:
        row["latency_ms"] = _medians(latencies, 1)
    return row


def _rate(runs: Iterable[Measurement]) -> float:
    return statistics.median(run.events_per_s for run in runs)


def _medians(each: Sequence[Mapping[str, float]], digits: int) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in each), digits) for name in each[0]}
