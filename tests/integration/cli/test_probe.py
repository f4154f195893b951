"""`sluiceway probe`: waits for a service; content with one that is alive and still waits for its server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.cli import Ended, sluiceway
from tests.support.eventually import eventually
from tests.support.shop import Client, payments_app, served

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port


async def probe(url: str, within: str) -> Ended:
    return await asyncio.to_thread(sluiceway, "", "probe", url, "--within", within)


async def unready(client: Client) -> bool:
    async with client.get("/readyz") as answer:
        return answer.status == 503


def address(client: Client) -> str:
    return str(client.make_url("")).rstrip("/")


async def test_a_ready_service_is_found_ready(server: EmbeddedServer, tmp_path: Path) -> None:
    async with served(payments_app(server.url, tmp_path)) as client:
        ended = await probe(address(client), "60s")

    assert (ended.code, ended.err) == (0, "")


async def test_a_service_is_waited_for_until_its_server_comes_up(own_server: EmbeddedServer, tmp_path: Path) -> None:
    own_server.stop()
    async with served(payments_app(own_server.url, tmp_path)) as client:
        probing = asyncio.create_task(probe(address(client), "60s"))
        await eventually(lambda: unready(client))
        assert not probing.done()

        own_server.start()

        ended = await probing
    assert (ended.code, ended.err) == (0, "")


async def test_a_live_service_without_its_server_is_left_to_it_and_the_reason_is_told(tmp_path: Path) -> None:
    async with served(payments_app("redis://127.0.0.1:1/0", tmp_path)) as client:
        ended = await probe(address(client), "1s")

    assert ended.code == 0
    assert "orders: no success on the server" in ended.err
    assert "It is alive" in ended.err


async def test_nobody_there_is_a_failure() -> None:
    ended = await probe(f"http://127.0.0.1:{free_port()}", "1s")

    ended.failed(3, "is not ready after 1 s", "refused")


async def test_what_is_no_web_address_is_refused() -> None:
    (await probe("127.0.0.1:8080", "1s")).failed(2, "must begin with http://")
