"""The whole shop as processes of its own: nothing that was accepted is lost or done twice, whoever is killed."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs
from tests.support.shop import ORDER

from shop_events.record import Record
from sluiceway.embedded import EmbeddedServer

SERVICES = ("orders", "payments", "notifications")
NOT_YET = (
    aiohttp.ClientError,
    TimeoutError,
)


@dataclass
class Shop:
    """Three services, and a customer."""

    programs: Programs
    redis_url: str
    folder: Path
    customer: aiohttp.ClientSession
    port: int

    def start(self, service: str) -> Program:
        extra = {
            "payments": {"RECORD_DIRECTORY": str(self.folder / "books"), "DECLINE_RATE": "0.2"},
            "notifications": {"SINK": "file", "RECORD_DIRECTORY": str(self.folder / "messages")},
        }
        prefix = f"{service.upper()}_"
        variables = {
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port if service == "orders" else 0),
            "LEASE_SECONDS": "1",
            "STREAM_PREFIX": "shop:",
            **extra.get(service, {}),
        }
        return self.programs.start(
            "-m", f"shop_{service}", env={prefix + name: value for name, value in variables.items()}
        )

    def start_all(self) -> dict[str, Program]:
        return {service: self.start(service) for service in SERVICES}

    async def order(self, key: str) -> str:
        """Order as a stubborn customer does: again with the same key, until it is accepted."""

        async def attempt() -> str | None:
            async with self.customer.post("/orders", json=ORDER, headers={"Idempotency-Key": key}) as response:
                return str((await response.json())["orderId"]) if response.status == 202 else None

        accepted = await eventually(attempt, within_seconds=60, ignoring=NOT_YET)
        assert accepted is not None
        return accepted

    async def state(self, order_id: str) -> dict[str, Any]:
        async with self.customer.get(f"/orders/{order_id}") as response:
            state: dict[str, Any] = await response.json()
            return state

    async def all_settled(self, order_ids: list[str]) -> bool:
        states = [await self.state(order_id) for order_id in order_ids]
        return all(state.get("notifiedAt") and state["status"] != "created" for state in states)


@pytest_asyncio.fixture
async def shop(server: EmbeddedServer, tmp_path: Path, programs: Programs) -> AsyncIterator[Shop]:
    port = lasting_port()
    # A customer does not wait for ever for an answer that died with its process.
    patience = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=patience) as customer:
        yield Shop(programs, server.url, tmp_path, customer, port)


@pytest.mark.parametrize("victim", SERVICES)
async def test_killing_a_service_in_the_middle_loses_and_doubles_nothing(
    shop: Shop, client: redis.asyncio.Redis, victim: str
) -> None:
    running = shop.start_all()
    orders = [await shop.order(f"basket-{number}") for number in range(20)]
    more = asyncio.gather(*(shop.order(f"basket-{number}") for number in range(20, 60)))
    await eventually(lambda: reached(client, 25))
    running[victim].kill()
    shop.start(victim)
    orders += await more

    await eventually(lambda: shop.all_settled(orders), within_seconds=40, ignoring=NOT_YET)

    assert len(set(orders)) == 60
    for record in (Record(shop.folder / "books"), Record(shop.folder / "messages")):
        assert sorted(line["orderId"] for line in record) == sorted(orders)
    assert await client.xlen("shop:payments") == await client.xlen("shop:notifications") == 60


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_that_is_told_to_stop_ends_well_and_leaves_nothing_pending(
    shop: Shop, client: redis.asyncio.Redis, service: str
) -> None:
    running = shop.start_all()
    orders = [await shop.order(f"basket-{number}") for number in range(10)]
    await eventually(lambda: shop.all_settled(orders), within_seconds=40, ignoring=NOT_YET)

    running[service].terminate()

    await running[service].exits(0)
    for stream in ("shop:orders", "shop:payments"):
        assert all(group["pending"] == 0 for group in await client.xinfo_groups(stream))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_with_a_bad_setting_names_it_and_exits_with_2(service: str, programs: Programs) -> None:
    variable = f"{service.upper()}_LEASE_SECONDS"

    program = programs.start("-m", f"shop_{service}", env={variable: "soon"})

    await program.exits(2)
    assert program.find(rf"^{variable}: .*number")
    assert not program.find("Traceback")


def lasting_port() -> int:
    """Return a free port that stays free while nobody listens.

    Not one that the kernel hands out for outgoing connections: a customer who knocks again and again at such a port
    ends up connected to itself, and the restarted service finds the port taken.
    """
    while True:
        port = random.randrange(15_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def reached(client: redis.asyncio.Redis, orders: int) -> bool:
    return bool(await client.xlen("shop:orders") >= orders)
