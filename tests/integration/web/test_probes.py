"""`/healthz` is about the process, `/readyz` about its consumers and their server."""

from typing import Any

import pytest
import redis.asyncio
from aiohttp import web
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.numbered import Numbered, Recorder, publish_numbers
from tests.support.proxy import FaultProxy
from tests.support.web_application import Http, serving

from sluiceway import RedisSettings, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.engine.decoder import Decoder

Redis = redis.asyncio.Redis


def app_with(url: str, **options: Any) -> web.Application:
    service = Service("payments", RedisSettings(url=url, timeout_seconds=0.5))
    service.on(Numbered, stream="orders", publishes="answers")(Recorder().answer)
    service.consume("orders", **options)
    app = web.Application()
    service.attach(app, tolerated_outage_seconds=1)
    return app


async def answer(http: Http, path: str) -> tuple[int, dict[str, Any]]:
    async with http.get(path) as response:
        return response.status, await response.json()


async def is_ready(http: Http) -> bool:
    return await answer(http, "/readyz") == (200, {"ready": True, "problems": []})


async def is_unready(http: Http) -> list[str]:
    status, told = await answer(http, "/readyz")
    if status == 200:
        return []
    assert (status, told["ready"]) == (503, False)
    problems: list[str] = told["problems"]
    return problems


@one_server
async def test_a_service_is_ready_once_its_server_answers_not_in_a_long_outage_and_again_afterwards(
    proxy: FaultProxy,
) -> None:
    proxy.refuse()
    async with serving(app_with(proxy.url)) as http:
        (problem,) = await is_unready(http)
        assert problem.startswith("orders: no success on the server yet (")
        await proxy.accept()
        await eventually(lambda: is_ready(http), within_seconds=60)

        proxy.refuse()
        proxy.cut()
        (problem,) = await eventually(lambda: is_unready(http))
        assert problem.startswith("orders: no success on the server for 1 s (")
        assert await answer(http, "/healthz") == (200, {"alive": True})

        await proxy.accept()
        await eventually(lambda: is_ready(http), within_seconds=60)


@one_server
async def test_a_group_that_may_not_be_repaired_makes_a_service_unready(server: EmbeddedServer, client: Redis) -> None:
    async with serving(app_with(server.url, on_lost_group="fail")) as http:
        await eventually(lambda: is_ready(http))

        await client.xgroup_destroy("orders", "payments")

        (problem,) = await eventually(lambda: is_unready(http))
        assert "its policy is `fail`" in problem


@one_server
async def test_a_service_of_which_a_part_has_ended_asks_to_be_restarted(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: Any) -> None:
        raise AssertionError("a defect of ours")

    async with serving(app_with(server.url)) as http:
        await eventually(lambda: is_ready(http))
        assert await answer(http, "/healthz") == (200, {"alive": True})

        monkeypatch.setattr(Decoder, "decode", defect)
        await publish_numbers(server, "orders", [1])

        (problem,) = await eventually(lambda: is_unready(http))
        assert problem == "orders: consume ended: AssertionError('a defect of ours')"
        assert await answer(http, "/healthz") == (503, {"alive": False, "problems": [problem]})


@one_server
async def test_a_service_whose_every_commit_is_refused_is_unready_until_one_is_taken(
    server: EmbeddedServer, client: Redis
) -> None:
    await client.set("answers", "no stream")
    async with serving(app_with(server.url)) as http:
        await eventually(lambda: is_ready(http))

        await publish_numbers(server, "orders", [1])

        (problem,) = await eventually(lambda: is_unready(http))
        assert problem.startswith("orders: every commit refused for 1 s (WRONGTYPE ")
        assert await answer(http, "/healthz") == (200, {"alive": True})

        await client.delete("answers")

        await eventually(lambda: is_ready(http), within_seconds=40)
