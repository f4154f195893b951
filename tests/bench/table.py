"""Rows and verdicts on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.bench.aims import Verdict

__all__ = ["show"]


def show(console: Console, rows: Sequence[dict[str, Any]], aims: Iterable[Verdict]) -> None:
    """Print the table of rows, then the aims.

    Args:
        console: Where to.
        rows: As they are written to the file.
        aims: See `verdicts`.
    """
    table = Table(title="medians over the rounds; an event is an entry appended, for consumers an entry handled")
    for heading in (
        "name",
        "events/s",
        "lowest",
        "highest",
        "to raw",
        "CPU µs an event",
        "orders/s",
        "p50 ms",
        "p99 ms",
    ):
        table.add_column(heading, justify="left" if heading in ("name", "CPU µs an event") else "right")
    for row in rows:
        table.add_row(*_cells(row["name"], row))
        if "with_output" in row:
            table.add_row(*_cells("  with one output", row["with_output"]))
    console.print(table)
    judged = Table(title="aims, on two cores")
    for heading in ("aim", "wanted", "got", ""):
        judged.add_column(heading, justify="right" if heading in ("wanted", "got") else "left")
    for verdict in aims:
        judged.add_row(verdict.aim, f"{verdict.wanted:,}", f"{verdict.got:,}", "met" if verdict.met else "MISSED")
    if judged.row_count:
        console.print(judged)


def _cells(name: str, row: dict[str, Any]) -> list[str]:
    cpu = ", ".join(f"{process} {used:.1f}" for process, used in row["cpu_us_per_event"].items())
    ratio = row["ratio_to_raw"]
    latency = row.get("latency_ms", {})
    return [
        name,
        f"{row['events_per_s']:,}",
        f"{min(row['runs']):,}",
        f"{max(row['runs']):,}",
        "" if ratio is None else f"{ratio:.2f}",
        cpu,
        f"{row['orders_per_s']:,}" if "orders_per_s" in row else "",
        f"{latency['p50']:.1f}" if latency else "",
        f"{latency['p99']:.1f}" if latency else "",
    ]
