"""`python -m tests.bench.operator`: measure the operator on a real API server, show it, and keep the rows in a file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.bench.contender import BenchError
from tests.bench.operator.aims import row
from tests.bench.operator.measures import MEASURES
from tests.bench.operator.stage import stage
from tests.support.repository import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog='make bench-operator ARGS="…"', description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), default=list(MEASURES), help="what to measure")
    parser.add_argument("--runs", type=int, default=5, help="of each, but for the thousand idle ones (default: 5)")
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "operator.json", help="where the rows go")
    options = parser.parse_args()
    console = Console()
    rows = []
    for name in options.only:
        try:
            with stage() as made:
                measured = MEASURES[name](made, options.runs)
        except BenchError as error:
            console.print(f"[bold]{name} not measured:[/] {error}")
            return 1
        rows += [row(each, runs) for each, runs in measured.items()]
    table = Table("name", "median", "worst", "runs", "aim", "")
    for one in rows:
        verdict = {True: "met", False: "MISSED", None: ""}[one["met"]]
        table.add_row(one["name"], *(str(one[key]) for key in ("median", "worst", "runs", "aim")), verdict)
    console.print(table)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=2) + "\n")
    console.print(f"written to {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
