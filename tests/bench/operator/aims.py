"""What the operator is meant to reach on two cores, and rows that say whether it did."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["AIMS", "missing", "rows"]

AIMS: dict[str, tuple[str, float]] = {
    "wake_written_ms": ("median", 100.0),
    "wake_acknowledged_s": ("median", 0.5),
    "failover_lease_s": ("worst", 10.0),
    "operator_killed_target_reached_s": ("worst", 10.0),
    "burst_writes_up": ("worst", 2),
    "burst_drained_s": ("median", 25.0),
    "burst_replica_seconds": ("median", 500.0),
    "scale_down_stranded": ("worst", 0),
    "scale_down_busy_before_idle": ("worst", 0),
    "scale_down_stranded_sdk": ("worst", 0),
    "scale_down_busy_before_idle_sdk": ("worst", 0),
    "idle_1000_ready_s": ("median", 60.0),
    "idle_1000_cores": ("median", 0.03),
    "idle_1000_rss_mib": ("median", 150.0),
    "idle_1000_connections": ("worst", 9),
}
"""By the row's name: which of its numbers is held against which upper bound."""

_BESIDE = {"wake_acknowledged_s": "wake_pod_start_s"}
"""Rows whose bound grows by the same number of another row, for what is not the operator's."""


def rows(measured: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Return a row for each thing that was measured.

    Args:
        measured: By the row's name, its unit at the end: what each run gave; the greatest is the worst.
    """
    return [_row(name, runs, measured) for name, runs in measured.items()]


def missing(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names that have an aim and no row."""
    return [name for name in AIMS if name not in {each["name"] for each in told}]


def _row(name: str, runs: Sequence[float], measured: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": name,
        "median": round(statistics.median(runs), 3),
        "worst": round(max(runs), 3),
        "runs": [round(each, 3) for each in runs],
        "aim": None,
        "met": None,
    }
    if name in AIMS:
        which, bound = AIMS[name]
        words = f"{which} <= {bound:g}"
        if name in _BESIDE:
            beside = measured[_BESIDE[name]]
            bound += statistics.median(beside) if which == "median" else max(beside)
            words += f" + {_BESIDE[name]}"
        told |= {"aim": words, "met": told[which] <= round(bound, 3)}
    return told
