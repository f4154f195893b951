"""Every resource of the registry is looked after on its server, whatever comes, changes or goes."""

from __future__ import annotations

import os
import signal

import pytest
import redis.asyncio
from redis.exceptions import ResponseError
from tests.support.control import resource
from tests.support.eventually import eventually
from tests.support.fleets import World
from tests.support.groups_under_observation import Observed
from typing_extensions import override

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.control import Server, ServerAddress, ServerUnknown, UrlServers
from sluiceway_operator.ports import Leadership, NotLeading
from sluiceway_operator.registry import Resource, ResourceKey

NEVER = 3600.0
"""Seconds between sweeps where a test shows that something does not wait for the next one."""


async def backlog(client: redis.asyncio.Redis, group: str, entries: int, stream: str = "orders") -> None:
    observed = Observed(client, stream, group)
    await observed.create()
    await observed.add(entries)


async def test_what_is_asked_for_is_looked_after_on_its_server(
    server: EmbeddedServer, client: redis.asyncio.Redis, own_server: EmbeddedServer
) -> None:
    world = World()
    await backlog(client, "payments", 500)
    async with redis.asyncio.Redis.from_url(own_server.url) as other:
        await backlog(other, "reports", 300)
    world.put(resource("payments", url=server.url))
    world.put(resource("reports", url=own_server.url))

    async with world.running():
        await eventually(lambda: {("payments", 5), ("reports", 3)} <= set(world.workloads.written))


async def test_what_comes_or_changes_is_looked_at_at_once(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    world = World(every_seconds=NEVER)
    await backlog(client, "payments", 500)
    async with world.running():
        world.put(resource("payments", url=server.url))
        await eventually(lambda: world.workloads.written == [("payments", 5)])

        world.put(resource("payments", url=server.url, generation=2, scaling={"minReplicas": 7}))

        await eventually(lambda: world.workloads.written == [("payments", 5), ("payments", 7)])
        assert world.told.status_of("payments").observed_generation == 2


async def test_a_change_keeps_what_was_learned_and_a_resource_made_anew_begins_anew(server: EmbeddedServer) -> None:
    world = World()
    key = ResourceKey("shops", "payments")
    async with world.running():
        world.put(resource("payments", url=server.url))
        await eventually(lambda: world.fleet.tracked[key].group_seen, ignoring=(KeyError,))
        first = world.fleet.tracked[key]

        world.put(resource("payments", url=server.url, generation=2, scaling={"minReplicas": 2}))
        await eventually(lambda: ("payments", 2) in world.workloads.written)
        changed = world.fleet.tracked[key]
        world.put(resource("payments", url=server.url, uid="another", scaling={"minReplicas": 3}))
        await eventually(lambda: ("payments", 3) in world.workloads.written)

        assert changed is first
        assert world.fleet.tracked[key] is not first
        assert len(world.fleet.tracked) == 1


async def test_with_its_last_resource_a_server_is_let_go(own_server: EmbeddedServer) -> None:
    world = World()
    async with redis.asyncio.Redis.from_url(own_server.url) as client, world.running():
        for name in ("payments", "reports"):
            world.put(resource(name, url=own_server.url))
        await eventually(lambda: len(world.told.statuses) >= 2)

        for name in ("payments", "reports"):
            world.registry.remove(ResourceKey("shops", name))

        await eventually(lambda: (world.fleet.endpoints, world.fleet.tracked) == ({}, {}))
        await eventually(lambda: only_we_are_connected(client))


async def only_we_are_connected(client: redis.asyncio.Redis) -> bool:
    return len(await client.client_list()) == 1


async def test_what_is_gone_is_written_to_no_more(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    world = World()
    async with world.running():
        world.put(resource("payments", url=server.url))
        world.put(resource("reports", url=server.url))
        await eventually(lambda: len(world.fleet.tracked) == 2)
        world.registry.remove(ResourceKey("shops", "payments"))
        await eventually(lambda: len(world.fleet.tracked) == 1)

        await Observed(client, "orders", "any").add(500)

        await eventually(lambda: world.workloads.counts["reports"] >= 5)
    assert world.workloads.counts["payments"] == 0


async def test_of_two_with_one_target_on_two_servers_the_older_decides_until_it_goes(
    server: EmbeddedServer, own_server: EmbeddedServer
) -> None:
    world = World()
    world.put(resource("younger", url=server.url, target="app", created=2.0, scaling={"minReplicas": 9}))
    world.put(resource("older", url=own_server.url, target="app", created=1.0, scaling={"minReplicas": 5}))
    world.workloads.counts["app"] = 0
    async with world.running():
        await eventually(world.told_of("younger", "Degraded", "True"))
        await eventually(lambda: world.workloads.written == [("app", 5)])

        world.registry.remove(ResourceKey("shops", "older"))

        await eventually(lambda: world.workloads.written == [("app", 5), ("app", 9)])


async def test_two_hundred_that_come_and_go_at_once_leave_nothing(server: EmbeddedServer) -> None:
    world = World()
    names = [f"group-{number}" for number in range(200)]
    async with world.running():
        for name in names:
            world.put(resource(name, url=server.url, stream=name))
        await eventually(lambda: {name for name, _ in world.told.statuses} == set(names), within_seconds=30)

        for name in names:
            world.registry.remove(ResourceKey("shops", name))

        await eventually(lambda: world.fleet.tracked == {})
    assert world.workloads.written == []


async def test_another_server_is_moved_to(server: EmbeddedServer, own_server: EmbeddedServer) -> None:
    world = World()
    async with redis.asyncio.Redis.from_url(own_server.url) as other:
        await backlog(other, "payments", 400)
    async with world.running():
        world.put(resource("payments", url=server.url))
        await eventually(world.told_of("payments", "BacklogKnown", "True"))

        world.put(resource("payments", url=own_server.url, generation=2))

        await eventually(lambda: ("payments", 4) in world.workloads.written)
        assert [address.url for address in world.fleet.endpoints] == [own_server.url]


class ChangingServers(UrlServers):
    """Servers whose addresses a test changes, as a Secret would."""

    def __init__(self, addresses: dict[str, ServerAddress]) -> None:
        self.addresses = addresses
        self.opened: list[ServerAddress] = []

    @override
    async def address(self, resource: Resource) -> ServerAddress:
        name = resource.key.name
        if name not in self.addresses:
            raise ServerUnknown("SecretMissing", f"there is no Secret {name}")
        return self.addresses[name]

    @override
    def open(self, address: ServerAddress) -> Server:
        self.opened.append(address)
        return super().open(address)


async def test_a_server_that_is_not_known_is_a_condition_that_ends_once_it_is(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    servers = ChangingServers({"reports": ServerAddress(server.url)})
    world = World(servers)
    await backlog(client, "payments", 500)
    await backlog(client, "reports", 500, stream="others")
    async with world.running():
        world.put(resource("payments"), replicas=2)
        world.put(resource("reports", stream="others"))
        await eventually(world.told_of("payments", "BacklogKnown", "False"))
        unknown = world.told.condition("payments", "BacklogKnown")
        await eventually(lambda: world.workloads.written == [("reports", 5)])

        servers.addresses["payments"] = ServerAddress(server.url)

        await eventually(lambda: ("payments", 5) in world.workloads.written, within_seconds=30)
    assert (unknown.reason, unknown.message) == ("SecretMissing", "there is no Secret payments")


@pytest.mark.parametrize("redis_spec", [{"url": "redis://redis:none"}, {"urlFrom": {"name": "secret", "key": "url"}}])
async def test_a_server_that_there_cannot_be_disturbs_nobody(
    server: EmbeddedServer, client: redis.asyncio.Redis, redis_spec: dict[str, object]
) -> None:
    world = World()
    await backlog(client, "reports", 500)
    async with world.running():
        world.put(resource("payments", redis=redis_spec))
        world.put(resource("reports", url=server.url))

        await eventually(world.told_of("payments", "Ready", "False"))
        await eventually(lambda: world.workloads.written == [("reports", 5)])
    assert "spec.redis.url" in world.told.condition("payments", "BacklogKnown").message


async def test_a_refused_login_is_asked_for_anew_at_once(own_server: EmbeddedServer) -> None:
    async with redis.asyncio.Redis.from_url(own_server.url) as admin:
        await admin.execute_command("ACL", "SETUSER", "operator", "on", ">new", "~*", "&*", "+@all")  # type: ignore[no-untyped-call]
    old = ServerAddress(own_server.url, "operator", "old")
    servers = ChangingServers({"payments": old})
    world = World(servers)
    async with world.running():
        world.put(resource("payments"))
        await eventually(world.told_of("payments", "BacklogKnown", "False"))

        servers.addresses["payments"] = ServerAddress(own_server.url, "operator", "new")

        # far less than the half minute after which every address is asked for again
        await eventually(world.told_of("payments", "BacklogKnown", "True"), within_seconds=20)
    assert servers.opened[0] == old


async def test_a_server_that_cannot_be_reached_delays_no_other(
    server: EmbeddedServer, client: redis.asyncio.Redis, own_server: EmbeddedServer
) -> None:
    world = World()
    os.kill(own_server.pid, signal.SIGSTOP)
    await Observed(client, "orders", "reports").create()
    async with world.running():
        world.put(resource("payments", url=own_server.url), replicas=3)
        world.put(resource("reports", url=server.url))
        await eventually(world.told_of("payments", "BacklogKnown", "False"))

        await Observed(client, "orders", "reports").add(500)

        # a look may come while they are being added, so that the first number is a smaller one
        await eventually(lambda: world.workloads.counts["reports"] >= 5)
    os.kill(own_server.pid, signal.SIGCONT)
    assert world.told.condition("payments", "BacklogKnown").reason == "ServerUnreachable"
    assert world.workloads.counts["payments"] == 3


class Follower(Leadership):
    """Somebody else leads."""

    @override
    def check(self) -> None:
        raise NotLeading


async def test_who_does_not_lead_does_nothing_on_a_server(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    world = World(leadership=Follower())
    await Observed(client, "orders", "others").create()
    async with world.running():
        world.put(resource("payments", url=server.url))
        await eventually(lambda: world.fleet.endpoints)
        (endpoint,) = world.fleet.endpoints.values()
        await endpoint.sweep.once()

    assert [group["name"] for group in await client.xinfo_groups("orders")] == [b"others"]


async def test_it_can_be_told_how_late_the_sweeps_are(server: EmbeddedServer) -> None:
    world = World(every_seconds=NEVER)
    async with world.running():
        world.put(resource("payments", url=server.url))
        await eventually(lambda: world.fleet.endpoints)

        assert world.fleet.late_by() == 0.0
        next(iter(world.fleet.endpoints.values())).sweep.began_at -= NEVER + 7

        assert world.fleet.late_by() >= 7


async def test_a_fleet_that_ends_can_begin_again(own_server: EmbeddedServer) -> None:
    world = World()
    async with redis.asyncio.Redis.from_url(own_server.url) as client:
        await Observed(client, "orders", "payments").create()
        async with world.running():
            world.put(resource("payments", url=own_server.url))
            await eventually(lambda: world.fleet.endpoints)
        await eventually(lambda: only_we_are_connected(client))
        await Observed(client, "orders", "payments").add(500)

        async with world.running():
            await eventually(lambda: world.workloads.written == [("payments", 5)], ignoring=(ResponseError,))
