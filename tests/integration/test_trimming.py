"""`Trim` keeps a stream short and costs no group an entry, whatever the groups do."""

import asyncio
from typing import Any

import redis.asyncio
from structlog.testing import capture_logs
from tests.support.consuming import drained, one_server, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, in_one_step, publish_numbers

from sluiceway import Publisher, Service, Trim
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis


def trimming(server: EmbeddedServer, keep: int, recorder: Recorder, group: str = "payments", **options: Any) -> Service:
    """A service that consumes `orders` and trims it all the time."""
    service = Service(group, server.url)
    service.on(Numbered, stream="orders")(recorder.note)
    service.consume("orders", lease=QUICK, trim=Trim(keep=keep, every_seconds=0.05), **options)
    return service


async def publish(server: EmbeddedServer, count: int) -> None:
    async with Publisher(server.url, "orders") as publisher:
        await publisher.publish_many([Numbered(number=number) for number in range(count)])


async def looks(client: Redis) -> int:
    """How often anybody looked at the groups, which each attempt to trim begins with."""
    statistics: Any = await client.info("commandstats")
    return int(statistics.get("cmdstat_xinfo|groups", {"calls": 0})["calls"])


async def several_more_looks(client: Redis) -> None:
    """Wait until the trimmer has had its chance."""
    before = await looks(client)

    async def looked() -> bool:
        return await looks(client) >= before + 5

    await eventually(looked)


async def take(client: Redis, group: str, count: int) -> list[bytes]:
    """Read for a group as a foreign consumer and return the entry IDs."""
    reply: Any = await client.xreadgroup(group, "foreign", {"orders": ">"}, count=count)
    return [entry_id for _, entries in reply for entry_id, _ in entries]


async def length(client: Redis, wanted: int) -> bool:
    return int(await client.xlen("orders")) == wanted


async def test_a_stalled_group_loses_nothing_to_a_load_longer_than_the_cap(
    server: EmbeddedServer, client: Redis
) -> None:
    await client.xgroup_create("orders", "audit", id="0", mkstream=True)
    async with running(trimming(server, keep=50, recorder=Recorder()), client):
        await publish(server, 500)
        await eventually(lambda: drained(client))
        await several_more_looks(client)
        assert await client.xlen("orders") == 500

        # The group wakes up: it reads 300, and settles all of them but the 200th.
        ids = await take(client, "audit", 300)
        await client.xack("orders", "audit", *ids[:199], *ids[200:])
        await eventually(lambda: length(client, 500 - 199), what="only what was settled is gone")
        await several_more_looks(client)
        first: Any = await client.xrange("orders", count=1)
        assert first[0][0] == ids[199]

        rest = await take(client, "audit", 500)
        assert len(rest) == 200
        await client.xack("orders", "audit", ids[199], *rest)
        await eventually(lambda: length(client, 50), what="the stream is as long as asked")


async def test_two_groups_that_trim_one_stream_under_load_see_every_event(
    server: EmbeddedServer, client: Redis
) -> None:
    first, second = Recorder(), Recorder()
    services = [trimming(server, 20, recorder, group) for recorder, group in ((first, "one"), (second, "two"))]
    async with running(services[0], client), running(services[1], client):
        await asyncio.gather(
            publish_numbers(server, "orders", range(400)), publish_numbers(server, "orders", range(400))
        )

        await eventually(lambda: len(first.handled) == len(second.handled) == 800, within_seconds=60)
        await eventually(lambda: length(client, 20), what="the stream is as long as asked")

        assert sorted(first.handled) == sorted(second.handled) == sorted([*range(400)] * 2)
        assert [service.consumers[0].stats.lost_to_trimming for service in services] == [0, 0]
        await eventually(lambda: sum(service.consumers[0].stats.trimmed for service in services) == 780)


async def test_a_group_that_is_made_at_the_start_while_the_stream_is_trimmed_gets_all_that_was_there(
    server: EmbeddedServer, client: Redis
) -> None:
    async with running(trimming(server, keep=5, recorder=Recorder()), client):
        loading = asyncio.create_task(publish_numbers(server, "orders", range(600)))
        await eventually(lambda: _trimmed(client), what="trimming is under way")

        entries, _ = await in_one_step(
            client, ("XRANGE", "orders", "-", "+"), ("XGROUP", "CREATE", "orders", "late", "0")
        )
        await loading
        await eventually(lambda: drained(client), within_seconds=60)
        await several_more_looks(client)

        got = await take(client, "late", 1000)
        published: Any = await client.xinfo_stream("orders")

    assert len(entries) >= 5
    assert got[: len(entries)] == [entry_id for entry_id, _ in entries]
    assert len(got) == published["length"]
    assert got[-1] == published["last-generated-id"]


async def _trimmed(client: Redis) -> bool:
    if not await client.exists("orders"):
        return False
    about: Any = await client.xinfo_stream("orders")
    added: Any = await client.xinfo_groups("orders")
    return bool(added and (added[0]["entries-read"] or 0) > about["length"] + 20)


@one_server
async def test_nothing_is_trimmed_while_the_own_group_is_missing_and_the_log_says_why(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder()
    async with running(trimming(server, 0, recorder, on_lost_group="fail"), client):
        await publish(server, 10)
        await eventually(lambda: drained(client))
        await client.xgroup_create("orders", "audit", id="$")
        with capture_logs() as logs:
            await in_one_step(client, ("XGROUP", "DESTROY", "orders", "payments"))
            await publish(server, 20)
            ids = await take(client, "audit", 100)
            await client.xack("orders", "audit", *ids)
            await several_more_looks(client)

        assert len(ids) == 20
        assert await client.xlen("orders") >= 20
        (waits,) = [log for log in logs if log["event"] == "Trimming waits"]
        assert (waits["why"], waits["log_level"]) == ("group payments is missing", "warning")

        await client.xgroup_create("orders", "payments", id="0")
        await eventually(lambda: len(recorder.handled) >= 30)
        await eventually(lambda: _short(client), what="trimming goes on")


async def _short(client: Redis) -> bool:
    return int(await client.xlen("orders")) <= 1


@one_server
async def test_a_long_stream_is_trimmed_in_steps_to_exactly_what_is_to_be_kept(
    server: EmbeddedServer, client: Redis
) -> None:
    async with running(trimming(server, keep=10_000, recorder=Recorder()), client):
        await publish(server, 5000)
        await eventually(lambda: drained(client), within_seconds=60)
        await several_more_looks(client)
        assert await client.xlen("orders") == 5000
    service = trimming(server, keep=7, recorder=Recorder())
    async with running(service, client):
        await eventually(lambda: length(client, 7))
