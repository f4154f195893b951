"""The whole shop as a contender: three services, the server and a load generator, each a process of its own."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
import redis.asyncio
from tests.bench.chain.latency import last_events, percentiles
from tests.bench.chain.load import CONNECTIONS, Load
from tests.bench.chain.processes import cpu_seconds, processes_of
from tests.bench.chain.settled import appended, until_settled
from tests.bench.chain.shop import orders_port, specs
from tests.bench.contender import BenchError
from tests.bench.measurement import Measurement

from shop_demo.exits import DemoError
from shop_demo.supervisor import Supervisor
from shop_events import Streams
from sluiceway.embedded import EmbeddedServer

__all__ = ["Chain"]

_SHARE = 0.7
"""Of the top rate, for the latencies."""
_LATENCY_SECONDS = 5
_PATIENCE_SECONDS = 120
# none of the entries may be gone before the latencies are read from them
_TRIM_KEEP = 1_000_000


@dataclass(frozen=True, slots=True)
class Chain:
    """A contender; see `Contender`.

    Args:
        name: `chain_http` or `chain_direct`.
        orders: Of a usual run.
    """

    name: str
    orders: int

    @property
    def configuration(self) -> Mapping[str, object]:
        """What a reader has to know to repeat it."""
        load = (
            f"POST /orders, one order a request with an Idempotency-Key, {CONNECTIONS} keep-alive connections"
            if self._kind == "http"
            else "published straight to the stream, 256 a call"
        )
        return {
            "load": load,
            "processes": "one each of orders, payments, notifications, server, load generator",
            "outside": "payment provider answers at once and keeps no books; messages are discarded",
            "latency": f"from the moment an order was due to its last event, open loop at {_SHARE:.0%} of the top rate",
        }

    @property
    def _kind(self) -> str:
        return self.name.removeprefix("chain_")

    def run(self, server: EmbeddedServer, scale: float) -> Measurement:
        """Run once on an empty server; see `Contender`."""
        try:
            return asyncio.run(self._run(server, scale))
        except (DemoError, TimeoutError, KeyError) as error:
            raise BenchError(f"{self.name}: {type(error).__name__} {error}") from error

    async def _run(self, server: EmbeddedServer, scale: float) -> Measurement:
        orders = max(50, int(self.orders * scale))
        with tempfile.TemporaryDirectory(prefix="sluiceway-bench-") as path:
            folder = Path(path)
            shop = specs(server.url, folder, trim_keep=_TRIM_KEEP)
            load = Load(self._kind, server.url, orders_port(shop), folder)
            async with aiohttp.ClientSession() as http, redis.asyncio.Redis.from_url(server.url) as client:
                supervisor = Supervisor(http)
                try:
                    await supervisor.start(shop)
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        return await self._measure(load, client, orders, scale, processes_of(supervisor, server))
                finally:
                    await supervisor.stop_all()

    async def _measure(
        self,
        load: Load,
        client: redis.asyncio.Redis,
        orders: int,
        scale: float,
        processes: Mapping[str, psutil.Process],
    ) -> Measurement:
        before = cpu_seconds(processes)
        told, due = await load.run(orders, None)
        ended = await _settled_at(client)
        used = {name: seconds - before[name] for name, seconds in cpu_seconds(processes).items()}
        events = await appended(client)
        # one each of ORDER_CREATED, PAYMENT_…, NOTIFICATION_SENT
        if events != 3 * orders:
            raise BenchError(f"{self.name}: {events} events of {orders} orders, not three each")
        seconds = ended - told["began_at"]
        rate = _SHARE * orders / seconds
        _, paced = await load.run(max(50, int(rate * _LATENCY_SECONDS * min(scale, 1.0))), rate)
        await until_settled(client)
        last = await last_events(client, Streams().notifications)
        if missing := [order for order in due if order not in last]:
            raise BenchError(f"{self.name}: {len(missing)} orders without a last event, such as {missing[0]}")
        return Measurement(
            events,
            seconds,
            {**used, "load": told["cpu_seconds"]},
            orders_per_s=orders / seconds,
            latency_ms=percentiles(paced, last),
        )


async def _settled_at(client: redis.asyncio.Redis) -> float:
    await until_settled(client)
    milliseconds = await client.time()
    return float(milliseconds[0] + milliseconds[1] / 1e6)
