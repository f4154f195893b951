"""What the operator is meant to reach on two cores, and rows that say whether it did."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

__all__ = ["AIMS", "row"]

AIMS: dict[str, tuple[str, float]] = {
    "wake_write_ms": ("median", 100.0),
    "failover_lease_s": ("worst", 10.0),
    "burst_writes_up": ("worst", 2),
    "burst_drained_s": ("median", 25.0),
    "burst_replica_seconds": ("median", 500.0),
    "idle_1000_ready_s": ("median", 60.0),
    "idle_1000_cores": ("median", 0.03),
    "idle_1000_rss_mib": ("median", 150.0),
    "idle_1000_connections": ("worst", 9),
}
"""By the row's name: which of its numbers is held against which upper bound."""


def row(name: str, runs: Sequence[float]) -> dict[str, Any]:
    """Return one row.

    Args:
        name: What was measured, its unit at the end.
        runs: What each run gave; the greatest is the worst.
    """
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
        told |= {"aim": f"{which} <= {bound:g}", "met": told[which] <= bound}
    return told
