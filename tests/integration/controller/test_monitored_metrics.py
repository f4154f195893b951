"""Every metric that an alert or the dashboard uses is told by a shop and an operator that run."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis.asyncio
from aiohttp import web
from tests.support.consuming import one_server
from tests.support.control import Loop
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed
from tests.support.monitoring import expressions, metric_names
from tests.support.prometheus import Prometheus, prometheus, prometheus_binaries
from tests.support.scraping import Scrape
from tests.support.shop import notifications_app, payments_app
from tests.support.web_application import Http, serving
from typing_extensions import override

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.control import FactKeeper
from sluiceway_operator.metrics import OperatorCollector, Swept
from sluiceway_operator.web import Health, app


class Well(Health):
    @override
    def broken(self) -> list[str]:
        return []

    @override
    def not_ready(self) -> list[str]:
        return []


async def told_by(application: web.Application, until: str) -> set[str]:
    """What an application tells once it tells `until`."""
    async with serving(application) as http:

        async def told() -> set[str]:
            async with http.get("/metrics") as response:
                names = Scrape(await response.text()).names
            return names if until in names else set()

        return await eventually(told)


async def busy_operator(server: EmbeddedServer, client: redis.asyncio.Redis) -> web.Application:
    """An operator that has seen a group at work, so that there is nothing that it does not know."""
    loop, payments = Loop(server.url), Observed(client, "busy", "payments")
    await payments.create()
    ids = await payments.add(300)
    await payments.read("pod-a", 40)
    loop.add("payments", stream="busy", replicas=1, trim={"policy": "Length", "maxLength": 1000})
    await loop.sweep()
    await client.xack("busy", "payments", *ids[:20])
    await loop.sweep()
    facts = FactKeeper(loop.server)
    await facts.once()
    await loop.server.close()
    swept = Swept(server.url, loop.sweeping.tally, 0.0, 0.0, facts.facts)
    return app(Well(), OperatorCollector(loop.tracked.values, lambda: [swept], lambda: True))


@one_server
async def test_every_metric_of_alerts_and_dashboard_is_told(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    await client.config_set("maxmemory", 500_000_000)

    told = await told_by(await busy_operator(server, client), until="sluiceway_operator_leading")
    for service in (payments_app(server.url, tmp_path), notifications_app(server.url, tmp_path)):
        told |= await told_by(service, until="sluiceway_pending")

    used = {name for expression in expressions().values() for name in metric_names(expression)}
    assert len(used) > 40
    assert used - told == set()
    await client.config_set("maxmemory", 0)


@one_server
@pytest.mark.parametrize("binary", prometheus_binaries())
async def test_a_prometheus_that_scrapes_both_has_something_to_show_on_every_panel(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path, binary: str
) -> None:
    await client.config_set("maxmemory", 500_000_000)
    panels = {where: expression for where, expression in expressions().items() if where.startswith("panel")}
    operator = await busy_operator(server, client)
    async with (
        serving(operator) as operator_http,
        serving(payments_app(server.url, tmp_path)) as shop_http,
        prometheus(binary, tmp_path, {"operator": _port(operator_http), "shop": _port(shop_http)}) as running,
    ):

        async def empty_panels() -> list[str]:
            return [where for where, expression in panels.items() if not await running.series(expression)]

        async def all_shown() -> bool:
            assert await empty_panels() == []
            return True

        await eventually(all_shown, within_seconds=60)
        await eventually(lambda: _evaluated(running), within_seconds=60)
    await client.config_set("maxmemory", 0)


async def _evaluated(running: Prometheus) -> bool:
    return await running.rule_health() == {"ok"}


def _port(http: Http) -> int:
    assert http.port is not None
    return http.port
