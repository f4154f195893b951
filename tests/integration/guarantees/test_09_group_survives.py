"""Promise 9: a consumer group that is lost is made again, and goes on where its policy says."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import redis.asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.support.consuming import one_server, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers, append, in_one_step, publish_numbers, xadd
from tests.support.servers import StartServer

from sluiceway import Deduplicate, Lease, Publisher, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import entry_order
from sluiceway.keys import GroupKeys
from sluiceway.readiness import readiness

Redis = redis.asyncio.Redis
KEYS = GroupKeys("orders", "payments")
RERUN = Deduplicate(seconds=0)
"""Without markers a handler runs again for what is delivered again, so a test sees where a group went on."""


@asynccontextmanager
async def answering(
    server: EmbeddedServer, client: Redis, recorder: Recorder, order_by: Any = None, **options: Any
) -> AsyncIterator[Service]:
    """Run a service that answers numbers of `orders` on `payments`."""
    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments", order_by=order_by)(recorder.answer)
    service.consume("orders", lease=QUICK, **options)
    async with running(service, client):
        yield service


async def settled(client: Redis, *numbers: int) -> bool:
    """Each of these numbers has an answer and nothing is pending."""
    answered = await answers(client, "payments")
    return set(numbers) <= set(answered) and (await client.xpending("orders", "payments"))["pending"] == 0


async def watermark(client: Redis, keys: GroupKeys = KEYS) -> str:
    """The low watermark that is stored for a group."""
    low = await client.hget(keys.state, "low")
    assert isinstance(low, bytes)
    return low.decode()


async def destroyed_with(client: Redis, *numbers: int) -> None:
    """Destroy the group and append entries, in one step."""
    added = [xadd("orders", number) for number in numbers]
    await in_one_step(client, ("XGROUP", "DESTROY", "orders", "payments"), *added)


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


# --- the low watermark ------------------------------------------------------------------------------------------------


Plan = tuple[list[int], int]
"""In which order six entries are finished, and after how many of them the group is lost."""
plans = st.lists(st.tuples(st.permutations(list(range(6))), st.integers(0, 6)), min_size=6, max_size=6)


@one_server
@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plans=plans)
def test_the_watermark_is_right_whatever_the_order_in_which_consumers_finish(
    server: EmbeddedServer, plans: list[Plan]
) -> None:
    async def play_all() -> None:
        await asyncio.gather(*(_play(server.url, f"orders-{os.urandom(4).hex()}", *plan) for plan in plans))

    asyncio.run(play_all())


async def _play(url: str, stream: str, order: list[int], lost_after: int) -> None:
    """Two consumers finish their entries in the given order; the group is destroyed on the way; the rest goes on."""
    recorder = Recorder(closed=order)
    first, second = (Service("payments", url, consumer=name, grace_seconds=0.5) for name in ("first", "second"))
    half = len(order) // 2
    for service in (first, second):
        service.on(Numbered, stream=stream, publishes=f"{stream}.out")(recorder.answer)
        service.consume(stream, lease=Lease(seconds=3), in_flight=half, read_count=half)
    async with Redis.from_url(url) as client:
        ids = {number: entry_order(await append(client, stream, number)) for number in range(len(order))}
        async with running(first, client), running(second, client):
            await eventually(lambda: len(set(recorder.begun)) == len(order), what="both hold their halves")
            for finished in range(1, lost_after + 1):
                recorder.open(order[finished - 1])
                await eventually(partial(_pending, client, stream, len(order) - finished))
                low = entry_order(await watermark(client, GroupKeys(stream, "payments")))
                covered = {number for number, entry_id in ids.items() if entry_id <= low}
                assert covered == set(range(min(order[finished:], default=len(order)))), (order, finished, low)
            await client.xgroup_destroy(stream, "payments")
            recorder.open()
            await eventually(lambda: _answered(client, stream, len(order)), within_seconds=60)
        assert await answers(client, f"{stream}.out") == dict.fromkeys(order, 1)


async def _pending(client: Redis, stream: str, number: int) -> bool:
    return bool((await client.xpending(stream, "payments"))["pending"] == number)


async def _answered(client: Redis, stream: str, number: int) -> bool:
    return len(await answers(client, f"{stream}.out")) == number


async def test_a_watermark_ahead_of_a_stream_that_began_anew_skips_nothing(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder()
    async with answering(server, client, recorder):
        await append(client, "orders", 1, "9000000000000-0")
        await eventually(lambda: settled(client, 1))

        await in_one_step(client, ("DEL", "orders"), xadd("orders", 2, "5-1"))

        await eventually(lambda: settled(client, 2), within_seconds=60)


BEGUN_ANEW: dict[str, tuple[list[str], list[str], list[tuple[str, ...]]]] = {
    # IDs of the old stream, of the new one, what else was done to the new one
    "in the same millisecond": (["900-0", "1000-0"], ["1000-0", "1000-1", "2000-0"], []),
    "with the same first ID, and is shorter": (["900-0", "1000-0"], ["900-0"], []),
    "with a clock set back": (["900-0", "1000-0"], ["950-0", "2000-0"], []),
    "with a clock set back further, and something was deleted since": (
        ["900-0", "1000-0"],
        ["800-0", "2000-0", "2000-1"],
        [("XDEL", "orders", "2000-1")],
    ),
}
"""Streams that began anew with IDs at or below the old watermark, and outgrew it before anybody looked."""


@pytest.mark.parametrize("how", BEGUN_ANEW)
async def test_a_stream_that_began_anew_below_the_watermark_skips_nothing(
    server: EmbeddedServer, client: Redis, how: str
) -> None:
    old, new, then = BEGUN_ANEW[how]
    async with answering(server, client, Recorder()):
        for number, entry_id in enumerate(old):
            await append(client, "orders", number, entry_id)
        await eventually(lambda: settled(client, *range(len(old))))

        # With IDs of their own, as the SDK publishes: one without is known by its entry ID, and that was settled.
        added = [
            (*xadd("orders", number, entry_id), "id", f"event-{number}")
            for number, entry_id in enumerate(new, start=100)
        ]
        await in_one_step(client, ("DEL", "orders"), *added, *then)

        kept = [number for number, entry_id in enumerate(new, start=100) if ("XDEL", "orders", entry_id) not in then]
        await eventually(lambda: settled(client, *kept), within_seconds=60)


REMOVALS: dict[str, tuple[str, ...]] = {
    "trimmed": ("XTRIM", "orders", "MAXLEN", "1"),
    "emptied": ("XTRIM", "orders", "MAXLEN", "0"),
    "first entry deleted": ("XDEL", "orders", "1000-0"),
}


@pytest.mark.parametrize("removal", REMOVALS)
async def test_a_stream_of_which_something_was_removed_is_not_taken_for_a_new_one(
    server: EmbeddedServer, client: Redis, removal: str
) -> None:
    recorder = Recorder()
    async with answering(server, client, recorder, deduplicate=RERUN) as service:
        for number in (0, 1, 2):
            await append(client, "orders", number, f"100{number}-0")
        await eventually(lambda: settled(client, 0, 1, 2))

        await in_one_step(client, REMOVALS[removal], ("XGROUP", "DESTROY", "orders", "payments"), xadd("orders", 3))
        await eventually(lambda: service.consumers[0].stats.repaired == 1)

        await eventually(lambda: settled(client, 3))
    assert recorder.handled == [0, 1, 2, 3]


async def test_a_group_that_was_never_idle_goes_on_from_its_watermark(server: EmbeddedServer, client: Redis) -> None:
    recorder = Recorder(closed=[1])
    async with answering(server, client, recorder, deduplicate=RERUN) as service:
        await eventually(lambda: client.exists(KEYS.state), what="a group that was made before there were entries")
        await in_one_step(client, xadd("orders", 0), xadd("orders", 1))
        await eventually(lambda: pending_is(client, 1))

        await destroyed_with(client, 2)
        await eventually(lambda: service.consumers[0].stats.repaired == 1)
        recorder.open()

        await eventually(lambda: settled(client, 1, 2), within_seconds=60)
    assert recorder.handled.count(0) == 1


async def pending_is(client: Redis, number: int) -> bool:
    """So many entries are pending and at least one is answered."""
    return bool(await answers(client, "payments")) and await _pending(client, "orders", number)


@one_server
async def test_a_group_that_somebody_made_on_a_new_stream_goes_on_from_its_own_watermark(
    server: EmbeddedServer, client: Redis
) -> None:
    async with answering(server, client, Recorder(), deduplicate=RERUN):
        await append(client, "orders", 0, "1000-0")
        await eventually(lambda: settled(client, 0))
    await in_one_step(
        client, ("DEL", "orders"), xadd("orders", 1, "3000-0"), ("XGROUP", "CREATE", "orders", "payments", "0")
    )

    recorder = Recorder()
    async with answering(server, client, recorder, deduplicate=RERUN) as service:
        await eventually(lambda: settled(client, 1))
        await destroyed_with(client, 2)
        await eventually(lambda: service.consumers[0].stats.repaired == 1)
        await eventually(lambda: settled(client, 2))

    assert recorder.handled == [1, 2]


@one_server
async def test_the_watermark_of_an_earlier_stream_is_forgotten_even_if_the_new_one_outgrows_it(
    server: EmbeddedServer, client: Redis
) -> None:
    recorder = Recorder(closed=[2])
    async with answering(server, client, recorder) as service:
        await append(client, "orders", 1, "1000-0")
        await eventually(lambda: settled(client, 1))
        await in_one_step(client, ("DEL", "orders"), xadd("orders", 2, "5-1"))
        await eventually(lambda: recorder.begun == [1, 2], within_seconds=60)

        # Nothing of the new stream is settled, and it is lost once more when it is longer than the old one was.
        await append(client, "orders", 2, "2000-0")
        await client.xgroup_destroy("orders", "payments")
        await eventually(lambda: service.consumers[0].stats.repaired == 2, within_seconds=60)
        recorder.open()

        await eventually(lambda: settled(client, 1, 2), within_seconds=60)
    assert await client.xpending_range("orders", "payments", "-", "+", 10) == []
    assert (await answers(client, "payments"))[2] == 2


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
