"""`python -m tests.bench.document`: put what was measured last into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.aims import verdicts
from tests.support.repository import ROOT

__all__ = ["aims_table", "memory_table", "rates_table", "refreshed", "setting_list", "soak_table"]

_SHARED = ("machine", "python", "server", "event_loop", "libraries", "faststream", "payload_bytes", "garbage_collector")

Row = Mapping[str, Any]


def refreshed(text: str, name: str, content: str) -> str:
    """Return a document with new content between `<!-- name:begin … -->` and `<!-- name:end -->`.

    Raises:
        ValueError: The document has no such place.
    """
    place = re.compile(rf"(<!-- {name}:begin[^>]*-->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"no place named {name!r}: write <!-- {name}:begin --> and <!-- {name}:end -->")
    return place.sub(lambda found: f"{found[1]}{content}\n{found[2]}", text)


def rates_table(rows: Sequence[Row]) -> str:
    """Return the rates as a Markdown table."""
    lines = _table("name", "events/s", "lowest to highest", "to raw", "CPU µs an event, by process", "what it does")
    for row in rows:
        lines.append(_rate_line(f"`{row['name']}`", row))
        if "with_output" in row:
            lines.append(_rate_line("… with one output", row["with_output"]))
    return "\n".join(lines)


def aims_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return aims and verdicts as a Markdown table."""
    lines = _table("aim", "wanted", "got", "")
    for one in verdicts(rows):
        lines.append(f"| {one.aim} | {one.wanted:,g} | {one.got:,g} | {'met' if one.met else '**missed**'} |")
    return "\n".join(lines)


def setting_list(rows: Sequence[Row]) -> str:
    """Return what the rows were measured on and with as a Markdown list."""
    told = {key: value for row in rows for key, value in row["configuration"].items() if key in _SHARED}
    return "\n".join(f"- {key.replace('_', ' ')}: {told[key]}" for key in _SHARED if key in told)


def memory_table(figures: Mapping[str, Any]) -> str:
    """Return bytes of memory as a Markdown table."""
    lines = _table("bytes of", *(server["server"] for server in figures["servers"]))
    for key, words in (
        ("bytes_per_entry", f"an entry with a payload of {figures['payload_bytes']} bytes"),
        ("bytes_per_pending_entry", "the same entry while it is pending, in each group"),
        ("bytes_per_marker", "an event ID remembered, at a million of them"),
        ("bytes_per_key", "the same as a key with an expiry, which Sluiceway does not use"),
    ):
        lines.append(f"| {words} | " + " | ".join(f"{server[key]:g}" for server in figures["servers"]) + " |")
    held = figures["client"]
    lines += [
        "",
        f"A consumer takes {held['bytes_per_event_in_flight']:,} bytes for each event in flight (with {held['events']:,} of them).",
    ]
    return "\n".join(lines)


def soak_table(told: Mapping[str, Any]) -> str:
    """Return how memory went in a soak as a Markdown table."""
    lines = [f"{told['orders_per_s']:,} orders a second for {told['seconds'] / 60:g} minutes:", ""]
    lines += _table("memory", "after the warm-up, MB", "at the end, MB", "highest, MB", "")
    for name, one in told["memory"].items():
        sizes = " | ".join(f"{one[key] / 1e6:.1f}" for key in ("first", "last", "highest"))
        lines.append(f"| {name} | {sizes} | {'**grows**' if one['grows'] else 'flat'} |")
    return "\n".join(lines)


def _table(*headings: str) -> list[str]:
    return ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]


def _rate_line(name: str, row: Row) -> str:
    cpu = ", ".join(f"{process} {used:.1f}" for process, used in row["cpu_us_per_event"].items())
    work = row["configuration"].get("work") or row["configuration"]["load"]
    if "latency_ms" in row:
        latency = row["latency_ms"]
        work += f"; {row['orders_per_s']:,} orders/s, at 70 % of it p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms"
    if "count" in row["configuration"]:
        work += f"; COUNT {row['configuration']['count']}"
    ratio = "" if row["ratio_to_raw"] is None else f"{row['ratio_to_raw']:.2f}"
    return f"| {name} | {row['events_per_s']:,} | {min(row['runs']):,} to {max(row['runs']):,} | {ratio} | {cpu} | {work} |"


_MEASURED: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("setting", "sdk.json", setting_list),
    ("rates", "sdk.json", rates_table),
    ("aims", "sdk.json", aims_table),
    ("memory", "memory.json", memory_table),
    ("soak", "soak.json", soak_table),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-docs", description=__doc__)
    parser.add_argument("--document", type=Path, default=ROOT / "docs" / "performance.md")
    parser.add_argument("--measured", type=Path, default=ROOT / ".bench", help="folder of the files (default: .bench)")
    options = parser.parse_args()
    text = options.document.read_text()
    for name, file, render in _MEASURED:
        path = options.measured / file
        if path.exists():
            text = refreshed(text, name, render(json.loads(path.read_text())))
            print(f"{name}: from {path}")  # noqa: T201  # its output
    options.document.write_text(text)


if __name__ == "__main__":
    main()
