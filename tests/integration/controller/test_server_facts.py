"""What servers say of themselves reaches the metrics, where the operator's user may ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
import redis.asyncio
from tests.support.cluster import Cluster
from tests.support.gates import ON_ONE_SERVER
from tests.support.scraping import Scrape, scrape_of

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import HOST
from sluiceway_operator.control import FactKeeper, Server, ServerAddress, SweepTally
from sluiceway_operator.metrics import OperatorCollector, Swept

Redis = redis.asyncio.Redis


@pytest_asyncio.fixture
async def keeper(server: EmbeddedServer) -> AsyncIterator[FactKeeper]:
    asked = Server(ServerAddress(server.url))
    yield FactKeeper(asked)
    await asked.close()


def scrape(keeper: FactKeeper) -> Scrape:
    swept = Swept("redis://here", SweepTally(), 0.0, 0.0, keeper.facts)
    return scrape_of(OperatorCollector(list, lambda: [swept], lambda: True))


async def test_commands_are_counted_also_those_that_scripts_ran(keeper: FactKeeper, client: Redis) -> None:
    await keeper.once()
    before = scrape(keeper).value("sluiceway_redis_command_calls_total", command="xadd") or 0
    await client.xadd("orders", {"n": 1})
    await client.eval("return redis.call('XADD', KEYS[1], '*', 'n', 2)", 1, "orders")

    await keeper.once()

    told = scrape(keeper)
    assert told.value("sluiceway_redis_command_calls_total", command="xadd") == before + 2
    assert (told.value("sluiceway_redis_command_seconds_total", command="xadd") or 0) > 0


async def test_memory_is_told_with_its_limit_and_what_happens_there(keeper: FactKeeper, client: Redis) -> None:
    await client.config_set("maxmemory", 50_000_000)
    await client.config_set("maxmemory-policy", "allkeys-lru")

    await keeper.once()

    told = scrape(keeper)
    assert told.value("sluiceway_redis_memory_max_bytes", server="redis://here") == 50_000_000
    assert told.value("sluiceway_redis_eviction_policy", policy="allkeys-lru") == 1
    assert (told.value("sluiceway_redis_memory_used_bytes") or 0) > 100_000
    await client.config_set("maxmemory", 0)
    await client.config_set("maxmemory-policy", "noeviction")
    await keeper.once()
    assert scrape(keeper).value("sluiceway_redis_memory_max_bytes") is None


async def test_without_the_right_to_ask_nothing_is_told_and_nothing_fails(
    server: EmbeddedServer, client: Redis
) -> None:
    await client.acl_setuser(
        "poor", enabled=True, passwords="+secret", keys="*", categories=["+@all"], commands=["-info"]
    )
    asked = Server(ServerAddress(server.url, "poor", "secret"))
    keeper = FactKeeper(asked)

    await keeper.once()

    assert scrape(keeper).value("sluiceway_redis_memory_used_bytes") is None
    await client.acl_setuser("poor", enabled=True, passwords="+secret", commands=["+info"])
    await keeper.once()
    assert (scrape(keeper).value("sluiceway_redis_memory_used_bytes") or 0) > 0
    await client.acl_deluser("poor")
    await asked.close()


@ON_ONE_SERVER
async def test_on_a_cluster_each_master_tells_of_itself(cluster: Cluster) -> None:
    asked = Server(ServerAddress(cluster.url))
    keeper = FactKeeper(asked)

    await keeper.once()

    told = scrape(keeper).labels("sluiceway_redis_memory_used_bytes")
    assert {each["node"] for each in told} == {f"{HOST}:{master.port}" for master in cluster.masters}
    await asked.close()
