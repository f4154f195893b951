# ruff: noqa: T201 - what it prints is its output
"""What a failover costs: events that a master had acknowledged and its successor does not have, and how long nobody answered.

Run it with `python -m tests.bench.failover_loss`. Each row is a number of failovers of a master with two replicas and three sentinels,
under the load of several publishers, each of which waits for one answer before it asks again. A master dies (SIGKILL), or stands
still until it is replaced and then comes back (SIGSTOP, SIGCONT), as after a network partition: it takes writes until the sentinels make
it a replica, and forgets them then.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import redis
from tests.support.cluster import command
from tests.support.eventually import eventually
from tests.support.sentinels import Watched, can_fail_over, watched_servers
from tests.support.servers import SERVERS, name_of

from sluiceway import RedisSettings
from sluiceway.appender import Appender
from sluiceway.connection import Endpoint
from sluiceway.embedded import EmbeddedServer, ServerBinary

Fate = Literal["dies", "comes back"]
Safety = Literal["none", "min-replicas-to-write 1", "replicas=1"]

_STREAM = "orders"
_PUBLISHERS = 16
_EVENTS = 2000
"""Acknowledged before the master's fate, and again by its successor."""
_TRANSIENT = (redis.RedisError, OSError)


@dataclass
class Account:
    """What the publishers were told.

    Attributes:
        acknowledged: Numbers of the events that were accepted.
        answered: When, by the monotonic clock.
    """

    acknowledged: list[int] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    async def more(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        await eventually(lambda: len(self.acknowledged) >= wanted, within_seconds=120, what=f"{count} more events")

    def longest_silence(self) -> float:
        """The longest time in seconds between two answers."""
        return max(after - before for before, after in zip(self.answered, self.answered[1:], strict=False))


async def publish(url: str, account: Account, first: int, *, wait: bool) -> None:
    """Publish numbers without end; one that is not acknowledged is published again."""
    settings = RedisSettings(url=url, replicas=int(wait), replica_timeout_seconds=1.0)
    appender, number = Appender(Endpoint(settings), _STREAM, settings.timeout_seconds), first
    try:
        while True:
            try:
                await appender.append_all([((b"number",), (str(number),))])
            except _TRANSIENT:
                await asyncio.sleep(0.05)
                continue
            account.acknowledged.append(number)
            account.answered.append(time.monotonic())
            number += _PUBLISHERS
    finally:
        await appender.close()


async def fail_over(watched: Watched, fate: Fate, safety: Safety) -> tuple[Account, int]:
    """Let one failover happen under load, and return what was acknowledged and how many of it are lost."""
    for server in watched.servers:
        command(server, "CONFIG", "SET", "min-replicas-to-write", int(safety == "min-replicas-to-write 1"))
        command(server, "CONFIG", "SET", "min-replicas-max-lag", 2)
    account, old = Account(), watched.master
    publishers = [
        asyncio.create_task(publish(watched.url, account, first, wait=safety == "replicas=1"))
        for first in range(_PUBLISHERS)
    ]
    await account.more(_EVENTS)
    os.kill(old.pid, signal.SIGKILL if fate == "dies" else signal.SIGSTOP)
    new = await watched.failed_over(old)
    if fate == "comes back":
        os.kill(old.pid, signal.SIGCONT)
        await eventually(lambda: command(old, "ROLE")[0] == b"slave", within_seconds=60, ignoring=_TRANSIENT)
    await account.more(_EVENTS)
    for publisher in publishers:
        publisher.cancel()
    await asyncio.wait(publishers)
    there = {int(fields[1]) for _, fields in command(new, "XRANGE", _STREAM, "-", "+")}
    return account, len(set(account.acknowledged) - there)


async def measure(binary: ServerBinary, fate: Fate, safety: Safety) -> tuple[Account, int]:
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="failover-")))

        def start(name: str = "server", **options: Any) -> EmbeddedServer:
            server = EmbeddedServer(folder / name, binary=binary, **options)
            ends.callback(server.kill)
            server.start()
            return server

        watched = ends.enter_context(watched_servers(binary, start, folder, can_fail_over))
        return await fail_over(watched, fate, safety)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="failovers a row (default: %(default)s)")
    parser.add_argument("--server", default="redis", help="beginning of a server's name (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="one failover, to see that it works")
    options = parser.parse_args()
    binary = next(each for each in SERVERS if name_of(each).startswith(options.server))
    runs_a_row = 1 if options.quick else options.runs
    fates: tuple[Fate, ...] = ("dies",) if options.quick else ("dies", "comes back")
    safeties: tuple[Safety, ...] = (
        ("replicas=1",) if options.quick else ("none", "min-replicas-to-write 1", "replicas=1")
    )
    print(f"{name_of(binary)}, {runs_a_row} failovers a row")
    print(f"{'the master':12}{'asked for':26}{'acknowledged':>14}{'lost':>8}{'worst run':>11}{'longest silence':>17}")
    for fate in fates:
        for safety in safeties:
            runs = [asyncio.run(measure(binary, fate, safety)) for _ in range(runs_a_row)]
            acknowledged = sum(len(account.acknowledged) for account, _ in runs)
            lost = [count for _, count in runs]
            silence = max(account.longest_silence() for account, _ in runs)
            print(f"{fate:12}{safety:26}{acknowledged:14,}{sum(lost):8,}{max(lost):11,}{silence:15.1f} s", flush=True)


if __name__ == "__main__":
    main()
