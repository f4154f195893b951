"""The operator's probes and metrics over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from tests.support.scraping import Scrape
from tests.support.web_application import serving
from typing_extensions import override

from sluiceway_operator.web import Health, app


class Said(Health):
    def __init__(self, broken: Sequence[str] = (), not_ready: Sequence[str] = ()) -> None:
        self._broken = broken
        self._not_ready = not_ready

    @override
    def broken(self) -> Sequence[str]:
        return self._broken

    @override
    def not_ready(self) -> Sequence[str]:
        return self._not_ready


class Answer(Collector):
    @override
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("answer", "Of everything.", 42)


async def asked(health: Health, path: str) -> tuple[int, Any]:
    async with serving(app(health)) as http, http.get(path) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("health", "path", "answer"),
    [
        (Said(), "/healthz", (200, {"alive": True, "problems": []})),
        (Said(), "/readyz", (200, {"ready": True, "problems": []})),
        (Said(broken=["stuck"]), "/healthz", (503, {"alive": False, "problems": ["stuck"]})),
        (Said(broken=["stuck"]), "/readyz", (200, {"ready": True, "problems": []})),
        (Said(not_ready=["no list yet"]), "/readyz", (503, {"ready": False, "problems": ["no list yet"]})),
        (Said(not_ready=["no list yet"]), "/healthz", (200, {"alive": True, "problems": []})),
    ],
)
async def test_a_probe_fails_with_the_problems_that_are_its_own(
    health: Health, path: str, answer: tuple[int, dict[str, Any]]
) -> None:
    assert await asked(health, path) == answer


class PassesTime(Collector):
    """Is done when the event loop has done something meanwhile."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.loop_went_on = threading.Event()

    @override
    def collect(self) -> Iterator[Metric]:
        self.began.set()
        yield GaugeMetricFamily("went_on", "Whether it did.", self.loop_went_on.wait(10))


async def test_the_sweeps_do_not_stand_still_while_metrics_are_made() -> None:
    slow = PassesTime()
    async with serving(app(Said(), slow)) as http:
        scrape = asyncio.create_task(http.get("/metrics"))
        await asyncio.to_thread(slow.began.wait, 10)
        slow.loop_went_on.set()
        response = await scrape
        told = Scrape(await response.text())

    assert told.value("went_on") == 1


async def test_metrics_are_those_of_the_collectors_and_of_the_process() -> None:
    async with serving(app(Said(), Answer())) as http, http.get("/metrics") as response:
        told = Scrape(await response.text())

    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert told.value("answer") == 42
    assert (told.value("process_resident_memory_bytes") or 0) > 1_000_000
