"""One connection on a cluster goes where the nodes say that a slot is, moves, or has moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis
from tests.support.cluster import Cluster, command
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER

from sluiceway import RedisSettings
from sluiceway.connection import Endpoint, Link
from sluiceway.connection.slots import slot_of
from sluiceway.embedded.ports import HOST
from sluiceway.scripts import load
from sluiceway.scripts.shapes import append_arguments


class Scene:
    """A stream on the second master, whose slot may move to the third.

    Attributes:
        link: The connection under test.
        beside: Another key of that slot.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        _, self.source, self.target = cluster.masters
        self.stream = cluster.stream_on(self.source, "orders")
        self.beside = f"{{{self.stream}}}:beside"
        self.link = Link(Endpoint(RedisSettings(url=cluster.url, timeout_seconds=20.0)), self.stream)

    async def append(self) -> None:
        await self.link.call("XADD", self.stream, "*", "type", "ORDER")

    async def length(self) -> int:
        length: int = await self.link.call("XLEN", self.stream)
        return length


@pytest_asyncio.fixture
async def scene(cluster: Cluster) -> AsyncIterator[Scene]:
    scene = Scene(cluster)
    yield scene
    await scene.link.close()


async def test_a_key_that_has_moved_ahead_of_its_slot_is_asked_for_where_it_went(scene: Scene) -> None:
    await scene.append()
    scene.cluster.begin_move(scene.stream, scene.source, scene.target)
    await scene.append()
    scene.cluster.move_keys(scene.source, scene.target, scene.stream)

    await scene.append()
    await scene.append()

    assert await scene.length() == 4
    assert command(scene.source, "CLUSTER", "COUNTKEYSINSLOT", slot_of(scene.stream)) == 0


async def test_a_slot_that_has_moved_is_used_where_it_is_from_then_on(scene: Scene) -> None:
    await scene.append()
    scene.cluster.begin_move(scene.stream, scene.source, scene.target)
    scene.cluster.end_move(scene.stream, scene.source, scene.target)
    await scene.append()

    scene.source.kill()

    assert await scene.length() == 2


@ON_ONE_SERVER
async def test_a_command_about_keys_at_both_ends_waits_until_they_are_together(scene: Scene) -> None:
    await scene.append()
    command(scene.source, "SET", scene.beside, "1")
    scene.cluster.begin_move(scene.stream, scene.source, scene.target)
    scene.cluster.move_keys(scene.source, scene.target, scene.stream)

    counting = asyncio.create_task(scene.link.call("EXISTS", scene.stream, scene.beside))
    # It has been sent and sent back: the source has counted it as refused.
    await eventually(lambda: b"errorstat_TRYAGAIN" in command(scene.source, "INFO", "errorstats"))
    assert not counting.done()
    scene.cluster.end_move(scene.stream, scene.source, scene.target)

    assert await counting == 2


@ON_ONE_SERVER
async def test_a_slot_that_nobody_serves_is_waited_for(scene: Scene) -> None:
    await scene.append()
    slot = slot_of(scene.stream)
    command(scene.source, "CLUSTER", "DELSLOTS", slot)

    counting = asyncio.create_task(scene.length())
    await eventually(lambda: b"errorstat_CLUSTERDOWN" in command(scene.source, "INFO", "errorstats"))
    assert not counting.done()
    command(scene.source, "CLUSTER", "ADDSLOTS", slot)

    assert await counting == 1


@ON_ONE_SERVER
async def test_waiting_for_a_cluster_ends_when_any_reply_would_be_late(scene: Scene) -> None:
    impatient = Link(Endpoint(RedisSettings(url=scene.cluster.url, timeout_seconds=1.0)), scene.stream)
    await impatient.call("PING")
    command(scene.source, "CLUSTER", "DELSLOTS", slot_of(scene.stream))

    with pytest.raises(redis.exceptions.ClusterDownError):
        # A generous deadline: what is asked is that there is an end at all.
        async with asyncio.timeout(20):
            await impatient.call("XLEN", scene.stream)
    await impatient.close()


@ON_ONE_SERVER
async def test_a_script_that_a_node_does_not_have_is_loaded_where_the_slot_moves_to(scene: Scene) -> None:
    event = append_arguments([((b"type",), ("ORDER",))])
    script = load("publish")
    await scene.link.run(script, [scene.stream], event)
    scene.cluster.begin_move(scene.stream, scene.source, scene.target)
    scene.cluster.move_keys(scene.source, scene.target, scene.stream)

    await scene.link.run(script, [scene.stream], event)

    assert await scene.length() == 2


@ON_ONE_SERVER
async def test_any_node_that_lives_is_enough_to_find_the_others(cluster: Cluster) -> None:
    first, second, third = cluster.masters
    endpoint = Endpoint(cluster.url_of([first]))
    for master in (second, third):
        stream = cluster.stream_on(master, "orders")
        link = Link(endpoint, stream)
        assert await link.call("XLEN", stream) == 0
        await link.close()
        # The only one that the URL names; the first link has learnt of the others.
        first.kill()


@ON_ONE_SERVER
async def test_a_url_of_one_server_that_is_a_node_of_a_cluster_is_told_so(cluster: Cluster) -> None:
    first, second, _ = cluster.masters
    link = Link(Endpoint(f"redis://{HOST}:{first.port}"), "orders")
    stream = cluster.stream_on(second, "orders")

    with pytest.raises(redis.ResponseError, match=r"its URL has to be redis\+cluster://"):
        await link.call("XLEN", stream)
    await link.close()
