"""Promise 2: acknowledgement, marker and outputs are one step, and the acknowledgement is the fence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
import redis.crc
from hypothesis import example, given, reject
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.support.acl import create_user
from tests.support.conditions import full
from tests.support.doubling import (
    DOUBLED,
    GROUP,
    NUMBERS,
    Doubled,
    Number,
    dead_letters,
    doubles,
    numbers_service,
    pending,
    publish_numbers,
    settled,
)
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER, gated_consumer, open_gate
from tests.support.processes import Programs
from tests.support.proxy import FaultProxy
from tests.support.servers import StartServer

from sluiceway import (
    Batch,
    ConfigurationError,
    Context,
    Deduplicate,
    Lease,
    Publisher,
    Reject,
    Service,
    Unavailable,
)
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import RELEASED, GroupKeys, lost_key

Redis = redis.asyncio.Redis
LONG_LEASE = Lease(seconds=60, poll_seconds=60)
MARKERS_ON_AND_OFF = pytest.mark.parametrize("window", [3600.0, 0.0], ids=["markers", "no-markers"])
LAST_ENTRY_ID = "18446744073709551615-18446744073709551615"


class Gate:
    """A handler that waits; it counts how often it began, by number."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.runs: list[int] = []

    async def double(self, number: Number, context: Context) -> Doubled | None:
        del context
        self.runs.append(number.value)
        await self.open.wait()
        return Doubled(value=number.value * 2)


# --- two consumers that both ran the handler ---------------------------------------------------------------------------


@MARKERS_ON_AND_OFF
async def test_two_consumers_that_both_finished_the_handler_write_its_outputs_once(
    window: float, server: EmbeddedServer, client: Redis, programs: Programs, tmp_path: Path
) -> None:
    await publish_numbers(server.url, 1)
    frozen = gated_consumer(programs, server.url, blocks=True, deduplicate_seconds=window)
    await frozen.line('"began"')
    frozen.pause()

    async with numbers_service(server.url, deduplicate=Deduplicate(seconds=window)):
        await eventually(lambda: settled(client, [2]))
        open_gate(tmp_path)
        frozen.resume()
        await frozen.line('"returned"')
        await frozen.line('"duplicate": 1' if window else '"gone": 1')

    assert await settled(client, [2])


# --- a commit that the server refuses ----------------------------------------------------------------------------------


@pytest.fixture(params=["wrong type", "no more entries"])
def bad_stream(request: pytest.FixtureRequest) -> str:
    """Why nothing can be appended to the stream `bad`."""
    reason: str = request.param
    return reason


async def spoil(client: Redis, reason: str) -> None:
    if reason == "wrong type":
        await client.set("bad", "not a stream")
    else:
        await client.xadd("bad", {"last": "one"}, id=LAST_ENTRY_ID)


async def test_a_refused_commit_holds_back_its_own_event_only_and_is_tried_again_without_its_handler(
    bad_stream: str, server: EmbeddedServer, client: Redis
) -> None:
    await spoil(client, bad_stream)
    entry_ids = await publish_numbers(server.url, 1, 2, 3)
    handled: list[list[int]] = []
    service = Service("doubling", server.url)

    @service.on(Number, stream=NUMBERS, publishes=DOUBLED, batch=3, batch_wait_seconds=5)
    async def handle(batch: Batch[Number]) -> None:
        handled.append([item.event.value for item in batch])
        for item in batch:
            double = Doubled(value=item.event.value * 2)
            item.context.publish(double)
            # Its second write is the one that fails; the first is to be taken back.
            item.context.publish(double, stream="bad" if item.event.value == 2 else "good")

    async with service:
        await eventually(lambda: doubles_are(client, [2, 6]))
        assert await pending(client) == entry_ids[1:2]
        assert await doubles(client, "good") == [2, 6]
        await eventually(lambda: service.consumers[0].stats.commit_errors >= 2, what="another try")
        assert await doubles(client) == [2, 6]
        assert await counted_starts(client) == [0]

        await client.delete("bad")

        await eventually(lambda: settled(client, [2, 4, 6]))
        assert await doubles(client, "bad") == [4]
    assert handled == [[1, 2, 3]]
    assert await dead_letters(client) == 0


async def test_a_user_without_xadd_loses_nothing_and_goes_on_once_the_right_is_granted(
    server: EmbeddedServer, client: Redis
) -> None:
    gate = Gate()
    gate.open.set()
    await publish_numbers(server.url, 1, 2)

    async with numbers_service(create_user(server, "~*", "+@all", "-xadd", name="reader"), gate.double) as service:
        await eventually(lambda: service.consumers[0].stats.commit_errors >= 2)
        assert await doubles(client) == []
        assert await counted_starts(client) == [0, 0]

        await client.acl_setuser("reader", enabled=True, commands=["+xadd"])

        await eventually(lambda: settled(client, [2, 4]))
    assert gate.runs == [1, 2]


async def test_a_user_who_may_not_touch_one_output_stream_still_settles_what_goes_elsewhere(
    server: EmbeddedServer, client: Redis
) -> None:
    async def handle(number: Number, context: Context) -> Doubled:
        if number.value == 2:
            context.publish(Doubled(value=4), stream="secret")
        return Doubled(value=number.value * 2)

    await publish_numbers(server.url, 1, 2, 3)
    url = create_user(server, "+@all", "~numbers", "~{numbers}*", "~doubled", name="confined")

    async with numbers_service(url, handle) as service:
        await eventually(lambda: doubles_are(client, [2, 6]))
        await eventually(lambda: service.consumers[0].stats.commit_errors)
        assert await counted_starts(client) == [0]

        await client.acl_setuser("confined", enabled=True, keys=["secret"])

        await eventually(lambda: settled(client, [2, 4, 6]))
        assert await doubles(client, "secret") == [4]


@ON_ONE_SERVER
async def test_events_whose_commit_is_refused_are_not_blamed_for_processes_that_end_meanwhile(
    server: EmbeddedServer, client: Redis, programs: Programs, tmp_path: Path
) -> None:
    await client.set("bad", "not a stream")
    open_gate(tmp_path)
    await publish_numbers(server.url, 1)
    for life in range(2):
        # One attempt: a start that counted although its commit was refused would make the third one a dead letter.
        consumer = gated_consumer(programs, server.url, consumer=f"life {life}", publishes="bad", attempts=1)
        await consumer.line("Commit was refused")
        consumer.kill()

    await client.delete("bad")

    gated_consumer(programs, server.url, publishes="bad", attempts=1)
    await eventually(lambda: doubles_are(client, [2], "bad"))
    assert await pending(client) == []
    assert await dead_letters(client) == 0


# --- group gone, entry gone --------------------------------------------------------------------------------------------


async def test_a_commit_to_a_group_that_was_destroyed_does_not_count_as_done(
    server: EmbeddedServer, client: Redis
) -> None:
    gate = Gate()
    await publish_numbers(server.url, 1)
    # With its only place taken it does not read, so the commit is the first to meet the missing group.
    async with numbers_service(server.url, gate.double, lease=LONG_LEASE, in_flight=1) as service:
        stats = service.consumers[0].stats
        await eventually(lambda: gate.runs == [1])

        await client.xgroup_destroy(NUMBERS, GROUP)
        gate.open.set()

        await eventually(lambda: settled(client, [2]), ignoring=(redis.ResponseError,))
        await eventually(lambda: service.consumers[0].holdings.held == 0)
        assert (stats.settled, stats.repaired) == ({"handled": 1}, 1)


async def test_an_entry_that_is_trimmed_while_it_is_handled_and_still_pending_is_settled(
    server: EmbeddedServer, client: Redis
) -> None:
    gate = Gate()
    await publish_numbers(server.url, 1)
    async with numbers_service(server.url, gate.double, lease=LONG_LEASE) as service:
        await eventually(lambda: gate.runs == [1])

        await client.xtrim(NUMBERS, maxlen=0)
        gate.open.set()

        await eventually(lambda: settled(client, [2]))
        assert service.consumers[0].stats.lost_to_trimming == 0


async def test_an_entry_whose_pending_reference_went_with_its_body_is_lost_to_trimming_and_no_duplicate(
    server: EmbeddedServer, client: Redis
) -> None:
    gate = Gate()
    (entry_id,) = await publish_numbers(server.url, 1)
    async with numbers_service(server.url, gate.double, lease=LONG_LEASE) as service:
        stats = service.consumers[0].stats
        await eventually(lambda: gate.runs == [1])
        await client.xtrim(NUMBERS, maxlen=0)
        # What any takeover does with an entry that has no body any more.
        await client.xautoclaim(NUMBERS, GROUP, "another", 0)
        assert entry_id not in await pending(client)

        gate.open.set()

        await eventually(lambda: stats.lost_to_trimming)
        assert (stats.lost_to_trimming, stats.settled["duplicate"], stats.gone) == (1, 0, 0)
    assert await doubles(client) == []


# --- a full server -----------------------------------------------------------------------------------------------------


async def test_a_full_server_still_commits_dead_letters_and_releases(start_server: StartServer) -> None:
    server = start_server(append_only=False)
    gate, blocked = Gate(), Gate()

    async def handle(number: Number, context: Context) -> Doubled | None:
        if number.value == 2:
            await gate.double(number, context)
            raise Reject("number 2")
        return await (gate if number.value == 1 else blocked).double(number, context)

    async with redis.asyncio.Redis.from_url(server.url) as client, Publisher(server.url, NUMBERS) as publisher:
        entry_ids = await publish_numbers(server.url, 1, 2, 3)
        service = numbers_service(server.url, handle, lease=LONG_LEASE)
        await service.start()
        await eventually(lambda: gate.runs == [1, 2] and blocked.runs == [3])

        with full(server):
            with pytest.raises(Unavailable):
                await publisher.publish(Number(value=4))
            gate.open.set()
            await eventually(lambda: doubles_are(client, [2]))
            await eventually(lambda: dead_letters(client))
            await service.stop()

            assert await pending(client, RELEASED) == await pending(client) == entry_ids[2:]


# --- a commit whose reply does not arrive ------------------------------------------------------------------------------


@MARKERS_ON_AND_OFF
async def test_a_commit_whose_reply_was_lost_is_sent_again_and_takes_effect_once(
    window: float, server: EmbeddedServer, client: Redis, proxy: FaultProxy
) -> None:
    gate = Gate()
    gate.open.set()
    service = numbers_service(proxy.url, gate.double, lease=LONG_LEASE, deduplicate=Deduplicate(seconds=window))
    async with service:
        # The first commit teaches the server the script: afterwards a commit is one round trip.
        await publish_numbers(server.url, 1)
        await eventually(lambda: settled(client, [2]))
        gate.open.clear()
        await publish_numbers(server.url, 2)
        await eventually(lambda: gate.runs == [1, 2])

        proxy.hold_replies()
        gate.open.set()
        await eventually(lambda: settled(client, [2, 4]))
        proxy.cut()
        proxy.heal()
        await publish_numbers(server.url, 3)

        await eventually(lambda: settled(client, [2, 4, 6]))
        if window:
            assert service.consumers[0].stats.settled == {"handled": 3}
    assert gate.runs == [1, 2, 3]


async def test_a_commit_reply_that_is_cut_in_its_middle_is_sent_again_and_takes_effect_once(
    server: EmbeddedServer, client: Redis, proxy: FaultProxy
) -> None:
    gate = Gate()
    service = numbers_service(proxy.url, gate.double, lease=LONG_LEASE)
    wanted: list[int] = []
    async with service:
        with capture_logs() as logs:
            # Another reply may come first and be cut in its place: then once more.
            while not any(record.get("doing") == "commit" for record in logs):
                value = len(wanted) + 1
                wanted.append(2 * value)
                gate.open.clear()
                await publish_numbers(server.url, value)
                await eventually(partial(gate.runs.count, value))
                proxy.cut_after(2)
                gate.open.set()
                await eventually(lambda: settled(client, wanted))
                await eventually(lambda: service.consumers[0].holdings.held == 0)
                proxy.heal()
        assert service.consumers[0].stats.settled == {"handled": len(wanted)}
    assert await doubles(client) == wanted


async def test_scripts_that_the_server_forgot_are_loaded_again(server: EmbeddedServer, client: Redis) -> None:
    async with numbers_service(server.url):
        for value in (1, 2):
            await client.script_flush()
            await publish_numbers(server.url, value)
            await eventually(partial(settled, client, [2, 4][:value]))


# --- names -------------------------------------------------------------------------------------------------------------


def derived_names(stream: str, group: str) -> Iterator[str]:
    keys = GroupKeys(stream, group)
    yield from (keys.dead, keys.replay, keys.state, keys.retry, *keys.markers, lost_key(stream))


@given(st.text("ab{}", min_size=1), st.text("ab{}", min_size=1))
@example("orders", "payments")
@example("{shop}.orders", "payments")
@example("eu:{shop}:orders", "{payments}")
@example("a{b", "payments")
def test_every_derived_name_is_in_the_slot_of_its_stream(stream: str, group: str) -> None:
    try:
        names = list(derived_names(stream, group))
    except ConfigurationError:
        reject()

    assert {redis.crc.key_slot(name.encode()) for name in names} == {redis.crc.key_slot(stream.encode())}


@pytest.mark.parametrize("stream", ["orders}", "{}", "{}{orders}", "}{"])
def test_a_stream_whose_slot_no_hash_tag_can_name_is_refused(stream: str) -> None:
    with pytest.raises(ConfigurationError, match="needs a hash tag of its own"):
        GroupKeys(stream, "payments")
    with pytest.raises(ConfigurationError, match="needs a hash tag of its own"):
        Publisher("redis://127.0.0.1:1", stream, unsafe_max_length=10)


# --- looks at the server -----------------------------------------------------------------------------------------------


async def doubles_are(client: Redis, wanted: list[int], stream: str = DOUBLED) -> bool:
    return await doubles(client, stream) == wanted


async def counted_starts(client: Redis) -> list[int]:
    """The delivery counts of what is pending, in the order of the stream."""
    found: Any = await client.xpending_range(NUMBERS, GROUP, "-", "+", 100)
    return [entry["times_delivered"] for entry in found]
