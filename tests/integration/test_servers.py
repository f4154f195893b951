"""The servers that tests get: real, empty, and private where asked for."""

import redis
import redis.asyncio
from tests.support.servers import StartServer, make_pristine
from tests.support.stream_report import describe_streams

from sluiceway.embedded import EmbeddedServer


async def test_a_shared_server_is_emptied_of_data_users_and_scripts(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await client.set("left", "over")
    await client.acl_setuser("somebody", enabled=True, nopass=True)
    digest = await client.script_load("return 1")

    make_pristine(server)

    async with redis.asyncio.Redis.from_url(server.url) as fresh:
        assert await fresh.dbsize() == 0
        assert await fresh.acl_users() == ["default"]
        assert await fresh.script_exists(digest) == [False]


async def test_an_own_server_is_another_process_than_the_shared_one(
    server: EmbeddedServer, own_server: EmbeddedServer
) -> None:
    assert own_server.pid != server.pid
    assert own_server.port != server.port
    assert own_server.binary == server.binary


def test_a_test_may_start_several_servers_of_its_own(start_server: StartServer) -> None:
    first, second = start_server("first"), start_server("second", password="secret")

    assert first.data_dir != second.data_dir
    with redis.Redis.from_url(second.url) as client:
        assert client.ping()


async def test_a_report_shows_groups_consumers_and_pending_entries(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await client.xadd("orders", {"type": "A"}, id="7-1")
    await client.xadd("orders", {"type": "B"})
    await client.xgroup_create("orders", "payments", id="0")
    await client.xreadgroup("payments", "one", {"orders": ">"}, count=1)

    report = describe_streams(server.url)

    assert "orders: 2 entries" in report
    assert "group payments: lag 1, pending 1" in report
    assert "consumer one: pending 1" in report
    assert "pending 7-1: one, delivered 1 times" in report
