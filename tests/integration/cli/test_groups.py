"""`sluiceway groups` on real servers."""

import json

import redis.asyncio
from tests.support.cli import environment, sluiceway
from tests.support.entries import append_all
from tests.support.eventually import eventually
from tests.support.processes import Programs
from tests.support.servers import server_binary  # noqa: F401 - every server reports groups in its own way

from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import GroupKeys

KEYS = GroupKeys("orders", "payments")


async def append(client: redis.asyncio.Redis, stream: str, number: int) -> list[str]:
    return await append_all(client, stream, [{"type": "ORDER", "payload": "{}"}] * number)


async def test_every_group_of_every_stream_is_shown_with_what_it_has_to_do(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await append(client, "orders", 3)
    await append(client, "audit", 1)
    await client.xgroup_create("orders", "billing", "$")
    await client.xgroup_create("orders", "payments", "0")
    await client.xreadgroup("payments", "pod-1", {"orders": ">"}, count=1)
    await client.xadd(KEYS.dead, {"deadLetter": "{}"})
    await client.set("text", "is no stream")

    shown = sluiceway(server.url, "groups", "--json").document

    billing, payments = shown["groups"]
    age, idle = payments.pop("oldest_age_seconds"), payments["consumers"][0].pop("idle_seconds")
    assert payments == {
        "stream": "orders",
        "group": "payments",
        "lag": 2,
        "lag_certainty": "exact",
        "lag_at_least": 2,
        "pending": 1,
        "dead_letters": 1,
        "consumers": [{"name": "pod-1", "pending": 1}],
    }
    assert 0 < age < 600
    assert 0 < idle < 600
    assert (billing["lag"], billing["lag_certainty"], billing["oldest_age_seconds"]) == (0, "exact", None)
    assert shown["streams_without_group"] == ["audit"]


async def test_replayed_dead_letters_count_as_backlog(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await append(client, "orders", 1)
    await client.xgroup_create("orders", "payments", "$")
    await append(client, KEYS.replay, 2)
    await client.xgroup_create(KEYS.replay, "payments", "0")
    await client.xreadgroup("payments", "pod-1", {KEYS.replay: ">"}, count=1)

    (row,) = sluiceway(server.url, "groups").rows

    assert row[:4] == ["orders", "payments", "1", "1"]


async def test_a_lag_is_counted_where_removed_entries_may_have_put_the_servers_number_wrong(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await append(client, "orders", 10)
    await client.xgroup_create("orders", "payments", "0")
    await client.xtrim("orders", maxlen=4, approximate=False)
    await client.xgroup_create("orders", "billing", "0")

    groups = sluiceway(server.url, "groups", "orders", "--json").document["groups"]

    assert [(group["lag"], group["lag_certainty"]) for group in groups] == [(4, "exact"), (4, "exact")]


async def test_a_long_lag_that_nobody_knows_is_unknown_and_not_zero(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    ids = await append(client, "orders", 300)
    await client.xgroup_create("orders", "payments", ids[20])
    await client.xdel("orders", ids[250])

    (group,) = sluiceway(server.url, "groups", "orders", "--json").document["groups"]

    assert (group["lag"], group["lag_certainty"], group["lag_at_least"]) == (None, "unknown", 100)
    assert "unknown, 100+" in sluiceway(server.url, "groups", "orders").out


async def test_a_stream_that_is_none_is_told(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await client.set("text", "is no stream")

    sluiceway(server.url, "groups", "nothing").failed(1, "there is no stream 'nothing'")
    sluiceway(server.url, "groups", "text").failed(1, "'text' is a key of another type")


def test_an_empty_server_says_that_there_is_nothing(server: EmbeddedServer) -> None:
    ended = sluiceway(server.url, "groups")

    assert (ended.code, ended.out) == (0, "there is no stream on this server\n")


async def test_watching_follows_the_server_and_ctrl_c_ends_it_well(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    watch = programs.start("-m", "sluiceway", "groups", "--watch", "50ms", env=environment(server.url))
    await watch.line(r"orders +payments +0")

    await append(client, "orders", 1)

    await watch.line(r"orders +payments +1")
    watch.interrupt()
    await watch.exits(0)
    assert "Traceback" not in watch.output


async def test_watching_in_json_writes_a_document_a_line(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    watch = programs.start("-m", "sluiceway", "groups", "--watch", "50ms", "--json", env=environment(server.url))
    await eventually(lambda: len(watch.lines) >= 2, within_seconds=60)

    assert [each["group"] for each in json.loads(watch.lines[1])["groups"]] == ["payments"]
    assert json.loads(watch.lines[1])["time"].endswith("Z")


async def test_watching_outlasts_a_restart_of_the_server(own_server: EmbeddedServer, programs: Programs) -> None:
    sluiceway(own_server.url, "publish", "orders", "ORDER")
    watch = programs.start("-m", "sluiceway", "groups", "--watch", "50ms", env=environment(own_server.url))
    await watch.line("no group reads: orders")

    own_server.kill()
    await watch.line("still trying")
    before = len(watch.lines)
    own_server.start()

    await eventually(lambda: any("no group reads" in line for line in watch.lines[before:]), within_seconds=60)
