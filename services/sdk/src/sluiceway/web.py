"""A service inside an aiohttp application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from redis.exceptions import RedisError

from .backlog import Backlog, observe_backlog
from .connection import Link
from .correlation import answer_with_correlation_id, correlation
from .keys import GroupKeys
from .metrics import ServiceCollector
from .readiness import TOLERATED_SECONDS, liveness, readiness
from .service import Service

__all__ = ["SERVICE", "attach"]

SERVICE = web.AppKey("sluiceway_service", Service)
"""The service that runs with an application."""

_SCRAPE_SECONDS = 1.0


def attach(service: Service, app: web.Application, tolerated_outage_seconds: float = TOLERATED_SECONDS) -> None:
    """Run a service's consumers with an application and give it `/healthz`, `/readyz` and `/metrics`.

    Args:
        service: The service.
        app: The application, not yet started.
        tolerated_outage_seconds: Longest silence of the server for which `/readyz` still answers 200.
    """

    async def consume(_: web.Application) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    async def metrics(_: web.Request) -> web.Response:
        registry = CollectorRegistry()
        registry.register(ServiceCollector(service.consumers, await _backlogs(service)))
        return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def healthy(_: web.Request) -> web.Response:
        problems = liveness(service)
        if problems:
            return web.json_response({"alive": False, "problems": problems}, status=503)
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        problems = readiness(service, tolerated_outage_seconds)
        return web.json_response({"ready": not problems, "problems": problems}, status=503 if problems else 200)

    app[SERVICE] = service
    app.cleanup_ctx.append(consume)
    app.middlewares.insert(0, correlation)
    app.on_response_prepare.append(answer_with_correlation_id)
    app.router.add_get("/healthz", healthy)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)


async def _backlogs(service: Service) -> dict[str, Backlog]:
    """Ask the server for each group's backlog; what it does not tell in time is left out."""
    backlogs: dict[str, Backlog] = {}

    async def ask(keys: GroupKeys) -> None:
        link = Link(service.endpoint, keys.stream)
        try:
            backlog = await observe_backlog(link, keys)
            if backlog is not None:
                backlogs[keys.stream] = backlog
        finally:
            await link.close()

    try:
        async with asyncio.timeout(_SCRAPE_SECONDS):
            for consumer in service.consumers:
                with suppress(RedisError, OSError):
                    await ask(consumer.keys)
    except TimeoutError:
        pass
    return backlogs
