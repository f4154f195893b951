"""Promise 9, second part: what is recorded of a group's progress is right, and of the stream that there is now."""

import asyncio
import os
from functools import partial

import pytest
import redis.asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.consuming import one_server, running
from tests.support.eventually import eventually
from tests.support.lost_groups import KEYS, RERUN, answering, destroyed_with, settled, watermark
from tests.support.numbered import Numbered, Recorder, answers, append, in_one_step, xadd

from sluiceway import Lease, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import entry_order
from sluiceway.keys import GroupKeys

Redis = redis.asyncio.Redis
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
