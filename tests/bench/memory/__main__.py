"""`python -m tests.bench.memory`: bytes per event in flight, per pending entry and per remembered event ID."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.bench.memory.server import server_figures
from tests.bench.workload import PAYLOAD
from tests.support.repository import ROOT
from tests.support.servers import SERVERS

from sluiceway.embedded import EmbeddedServer

_HEADINGS = {
    "bytes_per_entry": "entry",
    "bytes_per_pending_entry": "pending, each group",
    "bytes_per_marker": "event ID remembered",
    "bytes_per_key": "the same as a key each",
}


def client_figure(events: int) -> float:
    """Bytes of resident memory that a consumer takes for each event it holds."""
    with EmbeddedServer(binary=SERVERS[0]) as server:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.memory.in_flight", server.url, "--events", str(events)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    return float(json.loads(done.stdout.splitlines()[-1])["bytes_per_event"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=__doc__)
    parser.add_argument("--event-ids", type=int, default=1_000_000, help="remembered on a server (default: a million)")
    parser.add_argument("--entries", type=int, default=50_000, help="in a stream (default: 50000)")
    parser.add_argument("--in-flight", type=int, default=20_000, help="held by a consumer (default: 20000)")
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "memory.json", help="where they are written")
    options = parser.parse_args()
    figures: dict[str, object] = {
        "payload_bytes": len(PAYLOAD),
        "client": {"events": options.in_flight, "bytes_per_event_in_flight": round(client_figure(options.in_flight))},
    }
    servers = []
    for binary in SERVERS:
        with EmbeddedServer(append_only=False, binary=binary) as server:
            servers.append(
                {
                    "server": f"{binary.product} {binary.version}",
                    **server_figures(server, entries=options.entries, event_ids=options.event_ids),
                }
            )
    figures["servers"] = servers
    _show(figures["client"], servers)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _show(client: object, servers: list[dict[str, object]]) -> None:
    console = Console(width=120 if not sys.stdout.isatty() else None)
    console.print(f"a consumer, payload of {len(PAYLOAD)} bytes: {client}", highlight=False)
    table = Table(title="bytes on the server")
    for heading in ("server", *_HEADINGS.values()):
        table.add_column(heading)
    for row in servers:
        table.add_row(str(row["server"]), *(str(row[key]) for key in _HEADINGS))
    console.print(table)


if __name__ == "__main__":
    main()
