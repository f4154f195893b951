"""`python -m tests.bench.operator`: measure the operator on a real API server, show it, and keep the rows in a file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.bench.contender import BenchError
from tests.bench.operator.aims import missing, rows
from tests.bench.operator.measures import MEASURES, QUICK
from tests.bench.operator.stage import stage
from tests.support.repository import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog='make bench-operator ARGS="…"', description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), help="what to measure (default: everything)")
    parser.add_argument("--runs", type=int, default=5, help="of each, but for what takes minutes (default: 5)")
    parser.add_argument("--quick", action="store_true", help=f"one run of {', '.join(QUICK)}: whether it works")
    parser.add_argument(
        "--json", type=Path, help="where the rows go (default: .bench/operator.json, operator-quick.json)"
    )
    options = parser.parse_args()
    console = Console()
    told, failed = [], []
    for name in options.only or (QUICK if options.quick else MEASURES):
        try:
            with stage() as made:
                told += rows(MEASURES[name](made, 1 if options.quick else options.runs))
        except BenchError as error:
            console.print(f"[bold]{name} not measured:[/] {error}")
            failed.append(name)
    table = Table("name", "median", "worst", "runs", "aim", "")
    for one in told:
        verdict = {True: "met", False: "MISSED", None: ""}[one["met"]]
        table.add_row(one["name"], *(str(one[key]) for key in ("median", "worst", "runs", "aim")), verdict)
    console.print(table)
    path = options.json or ROOT / ".bench" / ("operator-quick.json" if options.quick else "operator.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n")
    console.print(f"written to {path}")
    lacking = [] if options.only or options.quick else missing(told)
    if lacking:
        console.print(f"[bold]rows that are missing:[/] {', '.join(lacking)}")
    return 1 if failed or lacking else 0


if __name__ == "__main__":
    sys.exit(main())
