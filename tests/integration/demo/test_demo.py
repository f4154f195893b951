"""The demo proves what it claims, and leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import redis.asyncio
from tests.support.demo import Finished, processes_in, run_demo

from shop_demo.exits import Exit
from sluiceway.embedded import EmbeddedServer

COUNTS = (
    "orders_accepted",
    "payments_completed",
    "payments_failed",
    "notifications_sent",
    "dead_letters",
    "lost",
    "duplicate_effects",
    "kills",
    "replicas_max",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def nothing_is_left_in(folder: Path) -> bool:
    return list(folder.iterdir()) == [] and processes_in(folder) == []


def proves_all_orders(finished: Finished, count: int) -> bool:
    figures = finished.figures
    return (
        finished.code == Exit.PROVEN
        and figures["orders_accepted"] == count
        and figures["payments_completed"] + figures["payments_failed"] == count
        and figures["notifications_sent"] == count
        and figures["lost"] == 0
        and figures["duplicate_effects"] == 0
    )


async def test_killed_processes_and_poison_lose_and_double_nothing(folder: Path) -> None:
    finished = await run_demo(*["--orders", "400", "--rate", "200", "--poison", "5", "--kill", "--json"], folder=folder)

    assert proves_all_orders(finished, 400), finished
    assert finished.figures["dead_letters"] == 5
    assert finished.figures["kills"] == 3
    for victim in ("payments", "notifications"):
        assert f"SIGKILL {victim}" in finished.err
    assert nothing_is_left_in(folder)


async def test_kills_happen_however_short_the_run_is(folder: Path) -> None:
    finished = await run_demo(*["--orders", "12", "--rate", "500", "--kill", "--json"], folder=folder)

    assert proves_all_orders(finished, 12), finished
    assert finished.figures["kills"] == 3


async def test_payments_has_as_many_processes_as_its_backlog_asks_for_and_in_the_end_none(folder: Path) -> None:
    finished = await run_demo(*["--orders", "400", "--rate", "400", "--json"], folder=folder)

    assert proves_all_orders(finished, 400), finished
    # as many as the backlog of the moment asks for, which depends on how fast this machine starts processes
    assert 2 <= finished.figures["replicas_max"] <= 4
    assert "payments: 0 -> " in finished.err
    assert "-> 0 replicas of Deployment default/payments" in finished.err


async def test_without_autoscaling_the_number_of_processes_is_fixed_and_kills_are_made_good(folder: Path) -> None:
    asked = ["--orders", "60", "--rate", "100", "--kill", "--no-autoscale", "--payments", "3", "--json"]

    finished = await run_demo(*asked, folder=folder)

    assert proves_all_orders(finished, 60), finished
    assert (finished.figures["kills"], finished.figures["replicas_max"]) == (3, 3)
    assert "replicas of Deployment" not in finished.err


async def test_an_outage_of_payments_refuses_no_order_and_all_are_settled_afterwards(folder: Path) -> None:
    finished = await run_demo(*["--orders", "300", "--rate", "100", "--outage", "2", "--json"], folder=folder)

    assert proves_all_orders(finished, 300), finished
    assert "outage over" in finished.err
    assert set(finished.figures["post_latency_ms"]) >= {"before", "outage"}


async def test_the_last_line_on_stdout_is_one_json_object_of_integers_and_milliseconds(folder: Path) -> None:
    finished = await run_demo(*["--orders", "20", "--decline-rate", "1", "--json"], folder=folder)

    figures = finished.figures
    assert {type(figures[count]) for count in COUNTS} == {int}
    assert figures["payments_failed"] == 20
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"] <= figures["latency_ms"]["max"]
    assert figures["throughput_per_s"] > 0
    assert len(finished.out.splitlines()) == 1


async def test_a_server_of_the_users_gets_its_keys_back_as_they_were(server: EmbeddedServer, folder: Path) -> None:
    async with redis.asyncio.Redis.from_url(server.url) as client:
        await client.xadd("orders", {"type": "FOREIGN", "payload": "{}"})
        before = await client.dump("orders")

        finished = await run_demo(*["--orders", "30", "--json", "--redis-url"], server.url, folder=folder)

        assert proves_all_orders(finished, 30), finished
        assert await client.keys() == [b"orders"]
        assert await client.dump("orders") == before


async def test_keep_leaves_the_logs_and_records(folder: Path) -> None:
    finished = await run_demo(*["--orders", "10", "--keep", "--json"], folder=folder)

    (kept,) = (folder / ".sluiceway").iterdir()
    assert finished.code == Exit.PROVEN, finished
    logs = {log.name for log in (kept / "logs").iterdir()}
    assert {"orders.log", "payments-operator.log", "notifications-1.log"} < logs
    assert any(re.fullmatch(r"payments-[a-z0-9]{5}\.log", log) for log in logs), (
        "a payments process that the operator kept"
    )
    assert processes_in(folder) == []


async def test_without_a_terminal_it_tells_in_lines_what_happens_and_what_was_proven(folder: Path) -> None:
    finished = await run_demo("--orders", "30", folder=folder)

    assert finished.code == Exit.PROVEN, finished
    assert "ready, orders go to http://127.0.0.1:" in finished.out
    assert "PROVEN: every accepted order has exactly one settled payment and one message" in finished.out
    assert "\x1b" not in finished.out
