"""A kill hits a process while it owns pending entries, and no other process at any other time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import aiohttp
import pytest
import pytest_asyncio
from tests.support.eventually import eventually

from shop_demo.background import beside
from shop_demo.chaos import Killer
from shop_demo.child import Spec
from shop_demo.client import Client
from shop_demo.journal import Journal
from shop_demo.load import Load
from shop_demo.schedule import KillSchedule
from shop_demo.supervisor import Supervisor
from sluiceway.embedded import EmbeddedServer

STREAM = "orders"
GROUP = "payments"
TIMES_TO_LOOK = 30


@pytest_asyncio.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with aiohttp.ClientSession() as http:
        supervisor = Supervisor(http)
        sleeper = (sys.executable, "-c", "import time; time.sleep(600)")
        await supervisor.start(
            [Spec(name, GROUP, sleeper, os.environ, tmp_path / name) for name in ("payments-1", "payments-2")]
        )
        yield supervisor
        await supervisor.stop_all()


@pytest_asyncio.fixture
async def store(server: EmbeddedServer) -> AsyncIterator[Client]:
    async with cast("Client", Client.from_url(server.url)) as client:
        await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        yield client


@pytest.fixture
def load() -> Load:
    """A load that has come to an end: every kill is due."""
    load = Load(None, "", rate=100, count=100, allowed=lambda: 100, on_accepted=print)  # type: ignore[arg-type]
    load.started = 100
    return load


async def delivered_to(store: Client, pid: int) -> bytes | str:
    entry_id = await store.xadd(STREAM, {"type": "ORDER_CREATED"})
    await store.xreadgroup(GROUP, f"my-host-{pid}-abc", {STREAM: ">"})
    return entry_id


async def looks(store: Client) -> int:
    """How often anybody has asked the server for the consumers."""
    statistics = await store.info("commandstats")
    calls: int = statistics.get("cmdstat_xinfo|consumers", {"calls": 0})["calls"]
    return calls


async def test_the_process_that_owns_pending_entries_is_killed_and_comes_back(
    supervisor: Supervisor, store: Client, load: Load
) -> None:
    _, second = supervisor.running(GROUP)
    await delivered_to(store, second.pid)
    journal = Journal()
    killer = Killer(store, {GROUP: supervisor}, journal, KillSchedule(100, 100), {GROUP: STREAM})

    async with asyncio.timeout(30), beside(killer.run(load)):
        await second.process.wait()
        await eventually(lambda: len(supervisor.running(GROUP)) == 2, what="the killed process's return")

    assert killer.kills == 1
    assert journal.notes[0].text == f"SIGKILL payments-2 (pid {second.pid}), it held 1 pending entry"
    assert second.pid not in [child.pid for child in supervisor.running(GROUP)]


async def test_a_process_that_owns_nothing_is_left_alone(supervisor: Supervisor, store: Client, load: Load) -> None:
    first, second = supervisor.running(GROUP)
    entry_id = await delivered_to(store, first.pid)
    await store.xack(STREAM, GROUP, entry_id)
    killer = Killer(store, {GROUP: supervisor}, Journal(), KillSchedule(100, 100), {GROUP: STREAM})

    async with asyncio.timeout(30), beside(killer.run(load)):
        enough = await looks(store) + TIMES_TO_LOOK

        async def has_looked_often() -> bool:
            return await looks(store) >= enough

        await eventually(has_looked_often)

    assert killer.kills == 0
    assert not killer.sufficient
    assert first.running
    assert second.running
