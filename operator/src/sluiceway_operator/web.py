"""What the operator answers over HTTP: whether it lives, whether it is ready, and its metrics."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

__all__ = ["Health", "app"]


class Health(Protocol):
    """Knows how the operator is."""

    def broken(self) -> Sequence[str]:
        """Return what only a new process can mend, a line each; empty if there is nothing."""
        ...

    def not_ready(self) -> Sequence[str]:
        """Return what it still waits for, a line each; empty if it does its work or stands by to do it."""
        ...


def app(health: Health, *collectors: Collector) -> web.Application:
    """Return an application with `/healthz`, `/readyz` and `/metrics`.

    Args:
        health: Says how the operator is.
        collectors: What `/metrics` tells beside the numbers of the process; each is asked in a thread of its own.
    """
    registry = CollectorRegistry()
    for kind in (ProcessCollector, PlatformCollector, GCCollector):
        kind(registry=registry)
    for collector in collectors:
        registry.register(collector)

    async def alive(_: web.Request) -> web.Response:
        return _answer("alive", health.broken())

    async def ready(_: web.Request) -> web.Response:
        return _answer("ready", health.not_ready())

    async def metrics(_: web.Request) -> web.Response:
        # a thousand resources take half a second, for which the sweeps must not stand still
        text = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    application = web.Application()
    application.router.add_get("/healthz", alive)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", metrics)
    return application


def _answer(word: str, problems: Sequence[str]) -> web.Response:
    return web.json_response({word: not problems, "problems": list(problems)}, status=503 if problems else 200)
