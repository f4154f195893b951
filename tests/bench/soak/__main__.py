"""`python -m tests.bench.soak`: the shop under steady load for minutes; does anything grow with the number of events?

Exit code 1 if the memory of a process or of the server grew steadily (see `verdict`), 2 if the load could not be kept up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import psutil
import redis.asyncio
from rich.console import Console
from rich.table import Table
from tests.bench.chain.load import Load
from tests.bench.chain.processes import processes_of
from tests.bench.chain.settled import until_settled
from tests.bench.chain.shop import orders_port, specs
from tests.bench.contender import BenchError
from tests.bench.soak.verdict import ALLOWED_BYTES, ALLOWED_SHARE, Growth, growth
from tests.support.repository import ROOT
from tests.support.servers import SERVERS

from shop_demo.supervisor import Supervisor
from sluiceway.embedded import EmbeddedServer

_SHARE = 0.7
_TRIM_KEEP = 1_000
# What is remembered for a while fills up within seconds; with days, as usual, it would grow all through a soak.
_SHORT_MEMORY = {
    "ORDERS_IDEMPOTENCY_SECONDS": "5",
    "ORDERS_KEEP_SECONDS": "5",
    "PAYMENTS_EVENT_ID_SECONDS": "5",
    "NOTIFICATIONS_EVENT_ID_SECONDS": "5",
    "NOTIFICATIONS_REMEMBER_SECONDS": "5",
}

Samples = dict[str, list[tuple[float, int]]]


async def soak(seconds: float, load_kind: str, calibration: int) -> tuple[float, Samples]:
    """Run the shop under load; return orders per second and the samples by process.

    Args:
        seconds: How long.
        load_kind: `http` or `direct`.
        calibration: Orders of the run before, which finds the top rate.

    Raises:
        BenchError: The load could not be kept up.
    """
    with tempfile.TemporaryDirectory(prefix="sluiceway-soak-") as path, EmbeddedServer(binary=SERVERS[0]) as server:
        shop = specs(server.url, Path(path), trim_keep=_TRIM_KEEP)
        load = Load(load_kind, server.url, orders_port(shop), Path(path))
        async with aiohttp.ClientSession() as http, redis.asyncio.Redis.from_url(server.url) as client:
            supervisor = Supervisor(http)
            try:
                await supervisor.start(shop)
                told, _ = await load.run(calibration, None)
                await until_settled(client)
                rate = _SHARE * calibration / (time.time() - told["began_at"])
                processes = processes_of(supervisor, server)
                running = asyncio.create_task(load.run(int(rate * seconds), rate))
                samples = await _sample(processes, client, running, every_seconds=max(0.2, seconds / 200))
                await running
                await until_settled(client)
            finally:
                await supervisor.stop_all()
    return rate, samples


async def _sample(
    processes: Mapping[str, psutil.Process],
    client: redis.asyncio.Redis,
    running: asyncio.Task[object],
    *,
    every_seconds: float,
) -> Samples:
    samples: Samples = {name: [] for name in (*(f"{name} (RSS)" for name in processes), "server (used)")}
    began = time.monotonic()
    while not running.done():
        now = time.monotonic() - began
        for name, process in processes.items():
            samples[f"{name} (RSS)"].append((now, process.memory_info().rss))
        samples["server (used)"].append((now, (await client.info("memory"))["used_memory"]))
        await asyncio.wait([running], timeout=every_seconds)
    return samples


def _show(console: Console, rate: float, seconds: float, found: Mapping[str, Growth]) -> None:
    table = Table(title=f"{rate:,.0f} orders/s for {seconds:.0f} s; judged after the warm-up")
    for heading in ("memory", "first MB", "last MB", "highest MB", "growth MB", "bytes an order", ""):
        table.add_column(heading, justify="left" if heading in ("memory", "") else "right")
    for name, one in found.items():
        table.add_row(
            name,
            *(f"{size / 1e6:.1f}" for size in (one.first, one.last, one.highest, one.bytes)),
            f"{one.bytes / (rate * seconds * 0.6):.1f}",
            "GROWS" if one.steady else "flat",
        )
    console.print(table)
    console.print(f"flat: growth of no more than {ALLOWED_BYTES / 1e6:.1f} MB and {ALLOWED_SHARE:.0%}", highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog='make soak ARGS="…"', description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: 5)")
    parser.add_argument("--load", choices=["http", "direct"], default="http", help="how orders come in (default: http)")
    parser.add_argument(
        "--calibration", type=int, default=10_000, help="orders that find the top rate (default: 10000)"
    )
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "soak.json", help="where it is written")
    options = parser.parse_args()
    console = Console(width=120 if not sys.stdout.isatty() else None)
    # this process's environment is the services'
    os.environ.update(_SHORT_MEMORY)
    seconds = options.minutes * 60
    try:
        rate, samples = asyncio.run(soak(seconds, options.load, options.calibration))
    except BenchError as error:
        console.print(f"not kept up: {error}", markup=False)
        return 2
    found = {name: growth(each) for name, each in samples.items() if name != "server (RSS)"}
    _show(console, rate, seconds, found)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(
        json.dumps(
            {
                "orders_per_s": round(rate),
                "seconds": seconds,
                "memory": {
                    name: {
                        "first": round(one.first),
                        "last": round(one.last),
                        "highest": one.highest,
                        "grows": one.steady,
                    }
                    for name, one in found.items()
                },
            },
            indent=2,
        )
        + "\n"
    )
    return int(any(one.steady for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
