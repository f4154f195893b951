"""`python -m tests.bench`: measure, show, and keep the numbers in a file. It asserts no times, but that all work was done."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from tests.bench.aims import verdicts
from tests.bench.catalogue import WITH_OUTPUT, contenders
from tests.bench.contender import BenchError, Contender
from tests.bench.measurement import Measurement
from tests.bench.rounds import measure
from tests.bench.rows import rows
from tests.bench.setting import setting
from tests.bench.table import show
from tests.support.repository import ROOT
from tests.support.servers import SERVERS

from sluiceway.embedded import EmbeddedServer

_QUICK = 0.01


def arguments(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='make bench ARGS="…"', description="How fast Sluiceway is, beside others.")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"rows to measure: {', '.join(names)}")
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are shown (default: 5)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual number of events (default: 1)")
    parser.add_argument(
        "--quick", action="store_true", help="one round with a hundredth of the events: whether it works"
    )
    parser.add_argument(
        "--json", type=Path, help="where the rows are written (default: .bench/sdk.json; .bench/quick.json)"
    )
    return parser


def main() -> int:
    faststream_python = ROOT / ".bench" / "venv" / "bin" / "python"
    everybody = contenders(faststream_python)
    options = arguments([one.name for one in everybody if not one.name.endswith(WITH_OUTPUT)]).parse_args()
    chosen = [one for one in everybody if not options.only or one.name.removesuffix(WITH_OUTPUT) in options.only]
    console = Console(width=150 if not sys.stdout.isatty() else None)
    binary = SERVERS[0]
    shared = setting(EmbeddedServer(binary=binary), faststream_python if _uses_faststream(chosen) else None)
    for name, value in shared.items():
        console.print(f"{name}: {value}", highlight=False)

    def told(name: str, one: Measurement) -> None:
        console.print(f"{name:<24} {one.events_per_s:>9,.0f} events/s", highlight=False)

    try:
        measured = measure(
            chosen,
            binary,
            runs=1 if options.quick else options.runs,
            scale=_QUICK if options.quick else options.scale,
            told=told,
        )
    except BenchError as error:
        console.print(f"[bold]not measured:[/] {error}", markup=True)
        return 1
    table = rows(measured, {one.name: {**one.configuration, **shared} for one in chosen})
    show(console, table, verdicts(table))
    path = options.json or ROOT / ".bench" / ("quick.json" if options.quick else "sdk.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, indent=2, ensure_ascii=False) + "\n")
    console.print(f"written to {path}")
    return 0


def _uses_faststream(chosen: list[Contender]) -> bool:
    return any(one.name.startswith("faststream") for one in chosen)


if __name__ == "__main__":
    sys.exit(main())
