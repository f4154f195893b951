"""What the SDK is meant to reach on two cores, and whether it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Verdict", "verdicts"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One aim, held against what was measured.

    Args:
        aim: In words.
        wanted: The bound.
        got: What was measured.
        met: Whether that is on the right side of the bound.
    """

    aim: str
    wanted: float
    got: float
    met: bool


_RATES = {
    "consume_full_50": 60_000,
    "consume_full_256": 60_000,
    "publish": 60_000,
    "chain_http": 10_000,
    "chain_direct": 40_000,
}
_COMPARED = "consume_full_256"
_TIMES_FASTSTREAM = {"faststream_single": 15.0, "faststream_batch": 1.5}
_P99_MS = 50.0


def verdicts(rows: Iterable[dict[str, Any]]) -> list[Verdict]:
    """Return a verdict on every aim whose rows were measured."""
    by_name = {row["name"]: row for row in rows}
    rates = {name: row["events_per_s"] for name, row in by_name.items()}
    found: list[Verdict] = []

    def at_least(aim: str, wanted: float, got: float) -> None:
        found.append(Verdict(aim, wanted, round(got, 2), got >= wanted))

    for name, wanted in _RATES.items():
        if name in rates:
            at_least(f"{name}, events/s", wanted, rates[name])
    for other, times in _TIMES_FASTSTREAM.items():
        if _COMPARED in rates and other in rates:
            # Both are told: against what only acknowledges, and against what does the same work.
            at_least(f"{_COMPARED} / {other}, which publishes nothing", times, rates[_COMPARED] / rates[other])
            if "with_output" in by_name[other]:
                same_work = by_name[other]["with_output"]["events_per_s"]
                at_least(f"{_COMPARED} / {other} with one output, too", times, rates[_COMPARED] / same_work)
    for name, row in by_name.items():
        if "latency_ms" in row:
            p99 = row["latency_ms"]["p99"]
            found.append(Verdict(f"{name}, p99 in ms (below)", _P99_MS, p99, p99 < _P99_MS))
    return found
