"""A service inside a real aiohttp application on a real port, and what its endpoints say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Http", "scrape", "serving"]

Http = TestClient[web.Request, web.Application]


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[Http]:
    """Serve an application and yield a client for it."""
    async with TestClient(TestServer(app)) as http:
        yield http


async def scrape(http: Http) -> dict[str, float]:
    """Return what `/metrics` says: sample name to value, for the one stream and group of the service."""
    async with http.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await response.text()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {(sample.labels["stream"], sample.labels["group"]) for sample in samples} == {("orders", "payments")}
    return {sample.name: sample.value for sample in samples if "le" not in sample.labels}
