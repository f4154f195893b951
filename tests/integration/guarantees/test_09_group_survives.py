"""Promise 9: a consumer group that is lost is made again, and goes on where its policy says."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redis.asyncio
from structlog.testing import capture_logs
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.lost_groups import KEYS, RERUN, answering, destroyed_with, settled, watermark
from tests.support.numbered import Numbered, Recorder, answers, in_one_step, publish_numbers, xadd
from tests.support.servers import StartServer

from sluiceway import Publisher
from sluiceway.embedded import EmbeddedServer
from sluiceway.readiness import readiness

Redis = redis.asyncio.Redis

# --- the group is lost while events flow ----------------------------------------------------------------------------

LOSSES: dict[str, Callable[[Redis], Any]] = {
    "stream deleted": lambda client: client.delete("orders"),
    "group destroyed": lambda client: client.xgroup_destroy("orders", "payments"),
    "server flushed": lambda client: client.flushall(),
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_under_load_nothing_published_after_the_loss_is_lost(
    server: EmbeddedServer, client: Redis, loss: str
) -> None:
    published: list[int] = []
    going_on = asyncio.Event()

    async def load() -> None:
        async with Publisher(server.url, "orders") as publisher:
            while not going_on.is_set():
                number = len(published)
                await publisher.publish(Numbered(number=number))
                published.append(number)

    async with answering(server, client, Recorder()):
        loading = asyncio.create_task(load())
        await eventually(lambda: len(published) >= 100, what="load before the loss")
        await LOSSES[loss](client)
        # The one that may have been under way during the loss counts for neither side.
        after = len(published) + 1
        await eventually(lambda: len(published) >= after + 100, what="load after the loss")
        going_on.set()
        await loading

        await eventually(lambda: settled(client, *published[after:]), within_seconds=60)


async def test_a_destroyed_group_costs_no_event_and_doubles_no_output(server: EmbeddedServer, client: Redis) -> None:
    recorder = Recorder()
    async with answering(server, client, recorder):
        for first in range(0, 300, 100):
            await publish_numbers(server, "orders", range(first, first + 100))
            await client.xgroup_destroy("orders", "payments")
        await publish_numbers(server, "orders", [300])

        await eventually(lambda: settled(client, *range(301)), within_seconds=60)

    assert await answers(client, "payments") == dict.fromkeys(range(301), 1)


async def test_a_server_that_comes_back_empty_is_consumed_again(start_server: StartServer) -> None:
    server = start_server(append_only=False)
    recorder = Recorder()
    async with Redis.from_url(server.url) as client, answering(server, client, recorder):
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: recorder.handled == [1])

        server.kill()
        server.start()
        await publish_numbers(server, "orders", [2])

        await eventually(lambda: recorder.handled == [1, 2], within_seconds=60)


async def test_a_handler_that_runs_while_the_group_is_lost_commits_once(server: EmbeddedServer, client: Redis) -> None:
    recorder = Recorder(closed=[1])
    async with answering(server, client, recorder):
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: recorder.begun == [1])

        await destroyed_with(client, 2)
        await eventually(lambda: 2 in recorder.handled)
        recorder.open()

        await eventually(lambda: settled(client, 1, 2), within_seconds=60)

    assert await answers(client, "payments") == {1: 1, 2: 1}


@one_server
async def test_events_of_one_key_go_on_after_the_group_was_lost_under_the_first_of_them(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder(closed=[1])
    async with answering(server, client, recorder, order_by=lambda _: "one key") as service:
        await publish_numbers(server, "orders", [1, 2])
        await eventually(lambda: recorder.begun == [1])

        await destroyed_with(client, 3)
        await eventually(lambda: service.consumers[0].stats.repaired)
        recorder.open()

        await eventually(lambda: settled(client, 1, 2, 3), within_seconds=60)

    assert await answers(client, "payments") == {1: 1, 2: 1, 3: 1}


# --- where it goes on -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "handled"), [("resume", [1, 2, 3, 4]), ("earliest", [1, 2, 1, 2, 3, 4]), ("latest", [1, 2, 4])]
)
async def test_a_lost_group_goes_on_where_its_policy_says(
    server: EmbeddedServer, client: Redis, policy: Any, handled: list[int]
) -> None:
    recorder = Recorder()
    async with answering(server, client, recorder, on_lost_group=policy, deduplicate=RERUN) as service:
        await publish_numbers(server, "orders", [1, 2])
        await eventually(lambda: settled(client, 1, 2))

        await destroyed_with(client, 3)
        await eventually(lambda: service.consumers[0].stats.repaired == 1)
        await publish_numbers(server, "orders", [4])

        await eventually(lambda: settled(client, 4))

    assert sorted(recorder.handled) == sorted(handled)


@pytest.mark.parametrize(("policy", "handled"), [("resume", [3, 4]), ("earliest", [1, 2, 3, 4]), ("latest", [4])])
async def test_a_group_lost_while_nobody_consumed_goes_on_where_its_policy_says(
    server: EmbeddedServer, client: Redis, policy: Any, handled: list[int]
) -> None:
    async with answering(server, client, Recorder(), on_lost_group=policy, deduplicate=RERUN):
        await publish_numbers(server, "orders", [1, 2])
        await eventually(lambda: settled(client, 1, 2))
    await destroyed_with(client, 3)

    recorder = Recorder()
    async with answering(server, client, recorder, on_lost_group=policy, deduplicate=RERUN) as service:
        await eventually(lambda: service.consumers[0].stats.repaired == 1)
        await publish_numbers(server, "orders", [4])
        await eventually(lambda: settled(client, 4))

    assert recorder.handled == handled


@one_server
async def test_policy_fail_stops_reading_and_says_so_until_somebody_makes_the_group(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder()
    async with answering(server, client, recorder, on_lost_group="fail", deduplicate=RERUN) as service:
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: settled(client, 1))
        with capture_logs() as logs:
            await destroyed_with(client, 2)
            await eventually(lambda: readiness(service), what="not ready")
            # It looks again now and then; whenever we look meanwhile, it is not ready.
            while len(refusals := [log for log in logs if "forbids" in log["event"]]) < 2:
                assert readiness(service) == ["orders: the group payments of orders is lost and its policy is `fail`"]
                await asyncio.sleep(0.01)

        await client.xgroup_create("orders", "payments", id="0")

        await eventually(lambda: settled(client, 2))
        await eventually(lambda: readiness(service) == [], what="ready")
    assert recorder.handled == [1, 1, 2]
    assert {log["log_level"] for log in refusals} == {"error"}


async def test_a_group_that_began_at_the_end_of_its_stream_does_not_resume_before_that(
    server: EmbeddedServer, client: Redis
) -> None:
    await publish_numbers(server, "orders", [1, 2])
    recorder = Recorder()
    async with answering(server, client, recorder, start="latest") as service:
        await eventually(lambda: client.exists(KEYS.state))

        await destroyed_with(client, 3)
        await eventually(lambda: service.consumers[0].stats.repaired == 1)

        await eventually(lambda: settled(client, 3))
    assert recorder.handled == [3]


async def test_a_group_that_starts_at_the_end_loses_nothing_published_after_a_flush(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder()
    async with answering(server, client, recorder, start="latest"):
        await eventually(lambda: client.exists(KEYS.state))
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: settled(client, 1))

        await in_one_step(client, ("FLUSHALL",), xadd("orders", 2))

        await eventually(lambda: recorder.handled == [1, 2], within_seconds=60)


# --- who decides, and who is told -----------------------------------------------------------------------------------


@one_server
async def test_a_stored_policy_wins_over_the_option_of_the_sdk(server: EmbeddedServer, client: Redis) -> None:
    await client.hset(KEYS.state, "policy", "latest")
    recorder = Recorder()
    async with answering(server, client, recorder, on_lost_group="earliest", deduplicate=RERUN) as service:
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: settled(client, 1))

        await destroyed_with(client, 2)
        await eventually(lambda: service.consumers[0].stats.repaired == 1)
        await publish_numbers(server, "orders", [3])

        await eventually(lambda: settled(client, 3))

    assert recorder.handled == [1, 3]
    assert await client.hget(KEYS.state, "policy") == b"latest"


@one_server
async def test_the_option_of_the_sdk_is_stored_where_no_policy_is(server: EmbeddedServer, client: Redis) -> None:
    async with answering(server, client, Recorder(), on_lost_group="earliest"):
        await eventually(lambda: client.exists("orders"))

    assert await client.hget(KEYS.state, "policy") == b"earliest"


async def test_making_a_group_that_exists_changes_nothing_about_it(server: EmbeddedServer, client: Redis) -> None:
    recorder = Recorder(closed=[1])
    async with answering(server, client, recorder):
        await publish_numbers(server, "orders", [1])
        await eventually(lambda: recorder.begun == [1])
        (before,) = await client.xinfo_groups("orders")

        async with answering(server, client, second := Recorder()) as late:
            await eventually(lambda: readiness(late) == [])
            await publish_numbers(server, "orders", [2])
            await eventually(lambda: 2 in [*recorder.handled, *second.handled])

        (after,) = await client.xinfo_groups("orders")
        recorder.open()
    assert (before["pending"], after["pending"], after["lag"]) == (1, 1, 0)
    assert recorder.begun + second.begun in ([1, 2], [1, 2])


@one_server
async def test_a_repair_is_a_warning_in_the_log_and_a_number_in_the_metrics(
    server: EmbeddedServer, client: Redis
) -> None:
    with capture_logs() as logs:
        async with answering(server, client, Recorder()) as service:
            await publish_numbers(server, "orders", [1])
            await eventually(lambda: settled(client, 1))
            low = await watermark(client)

            await destroyed_with(client)

            await eventually(lambda: service.consumers[0].stats.repaired == 1)
    (repair,) = [log for log in logs if "made anew" in log["event"]]
    assert (repair["log_level"], repair["stream"], repair["group"]) == ("warning", "orders", "payments")
    assert (repair["policy"], repair["starts_after"]) == ("resume", low)
