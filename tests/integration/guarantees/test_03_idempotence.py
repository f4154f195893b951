"""Promise 3: an event has its effects once, however many entries carry its event ID."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
import redis.asyncio
from tests.support.doubling import (
    DOUBLED,
    GROUP,
    KEYS,
    NUMBERS,
    Doubled,
    Number,
    dead_letters,
    numbers_service,
    publish_numbers,
    settled,
)
from tests.support.eventually import eventually
from tests.support.proxy import FaultProxy

from sluiceway import Context, DeadLetters, Deduplicate, Publisher, Reject, Retry, Service, Unavailable
from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import marker

Redis = redis.asyncio.Redis
SAME = "an order that was sent twice"


class Runs:
    """A handler that notes every run; it waits while `open` is not set."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def double(self, number: Number, context: Context) -> Doubled | None:
        del context
        self.values.append(number.value)
        await self.open.wait()
        return Doubled(value=number.value * 2)


def outcomes(*services: Service) -> dict[str, int]:
    """What became of all entries, over these services."""
    total: dict[str, int] = {}
    for service in services:
        for outcome, count in service.consumers[0].stats.settled.items():
            total[outcome] = total.get(outcome, 0) + count
    return total


# --- a second entry with the same event ID -----------------------------------------------------------------------------


async def test_a_second_entry_of_a_settled_event_skips_the_handler(server: EmbeddedServer, client: Redis) -> None:
    runs = Runs()
    async with numbers_service(server.url, runs.double) as service:
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: settled(client, [2]))

        await publish_numbers(server.url, 1, event_ids=[SAME])

        await eventually(lambda: outcomes(service) == {"handled": 1, "duplicate": 1})
    assert await settled(client, [2])
    assert runs.values == [1]


async def test_two_entries_of_one_event_in_one_batch_take_effect_once(server: EmbeddedServer, client: Redis) -> None:
    await publish_numbers(server.url, 1, 2, 1, event_ids=[SAME, "another", SAME])

    async with numbers_service(server.url) as service:
        await eventually(lambda: outcomes(service) == {"handled": 2, "duplicate": 1})

    assert await settled(client, [2, 4])


async def test_two_entries_of_one_event_in_the_hands_of_two_consumers_take_effect_once(
    server: EmbeddedServer, client: Redis
) -> None:
    runs = Runs()
    runs.open.clear()
    await publish_numbers(server.url, 1, 1, event_ids=[SAME, SAME])
    first, second = (numbers_service(server.url, runs.double, consumer=name, in_flight=1) for name in ("a", "b"))

    async with first, second:
        await eventually(lambda: runs.values == [1, 1])
        runs.open.set()
        await eventually(lambda: outcomes(first, second) == {"handled": 1, "duplicate": 1})

    assert await settled(client, [2])


async def test_what_was_settled_before_a_restart_is_remembered(server: EmbeddedServer, client: Redis) -> None:
    async with numbers_service(server.url):
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: settled(client, [2]))
    runs = Runs()

    async with numbers_service(server.url, runs.double) as service:
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: outcomes(service) == {"duplicate": 1})

    assert await settled(client, [2])
    assert runs.values == []


async def test_a_group_that_is_made_anew_from_the_start_repeats_nothing(server: EmbeddedServer, client: Redis) -> None:
    runs = Runs()
    async with numbers_service(server.url, runs.double, on_lost_group="earliest") as service:
        await publish_numbers(server.url, 1, 2, 3)
        await eventually(lambda: settled(client, [2, 4, 6]))

        await client.xgroup_destroy(NUMBERS, GROUP)

        await eventually(lambda: outcomes(service) == {"handled": 3, "duplicate": 3})
    assert await settled(client, [2, 4, 6])
    assert runs.values == [1, 2, 3]


async def test_a_producer_that_got_no_answer_may_publish_again_under_the_same_event_id(
    server: EmbeddedServer, client: Redis, proxy: FaultProxy
) -> None:
    async with Publisher(proxy.url, NUMBERS, timeout_seconds=0.5) as publisher:
        await publisher.publish(Number(value=0))
        proxy.hold_replies()
        with pytest.raises(Unavailable):
            await publisher.publish(Number(value=1), event_id=SAME)
        proxy.cut()
        proxy.heal()
        await publisher.publish(Number(value=1), event_id=SAME)
    assert await client.xlen(NUMBERS) == 3

    async with numbers_service(server.url) as service:
        await eventually(lambda: outcomes(service) == {"handled": 2, "duplicate": 1})

    assert await settled(client, [0, 2])


async def test_an_output_that_a_handler_published_twice_over_has_one_event_id(
    server: EmbeddedServer, client: Redis
) -> None:
    # Without markers both copies of the input take effect; what they publish still is one event for who reads on.
    await publish_numbers(server.url, 1, 1, event_ids=[SAME, SAME])

    async with numbers_service(server.url, deduplicate=Deduplicate(seconds=0)):
        await eventually(lambda: settled(client, [2, 2]))

    found: Any = await client.xrange(DOUBLED)
    assert len({fields[b"id"] for _, fields in found}) == 1


# --- what is not a duplicate -------------------------------------------------------------------------------------------


async def test_an_event_that_failed_is_not_a_duplicate_when_it_is_tried_again(
    server: EmbeddedServer, client: Redis
) -> None:
    runs = Runs()

    async def handle(number: Number, context: Context) -> Doubled | None:
        result = await runs.double(number, context)
        if context.delivery_count == 1:
            raise ValueError("the first time")
        return result

    await publish_numbers(server.url, 1, event_ids=[SAME])
    async with numbers_service(server.url, handle, handler={"retry": Retry(first_seconds=0.05)}) as service:
        await eventually(lambda: outcomes(service) == {"handled": 1})

    assert await settled(client, [2])
    assert runs.values == [1, 1]


async def test_a_replay_from_the_dead_letters_is_not_a_duplicate_and_takes_effect_once(
    server: EmbeddedServer, client: Redis
) -> None:
    mended = asyncio.Event()

    async def handle(number: Number, context: Context) -> Doubled | None:
        del context
        if not mended.is_set():
            raise Reject("not yet")
        return Doubled(value=number.value * 2)

    await publish_numbers(server.url, 1, event_ids=[SAME])
    async with (
        numbers_service(server.url, handle) as service,
        DeadLetters(server.url, NUMBERS, GROUP) as letters,
    ):
        await eventually(lambda: dead_letters(client))
        # The event is remembered: another entry of it would be dropped.
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: outcomes(service) == {"dead_lettered": 1, "duplicate": 1})
        mended.set()

        assert await letters.replay_all() == 1

        await eventually(lambda: settled(client, [2]))
        assert outcomes(service) == {"dead_lettered": 1, "duplicate": 1, "handled": 1}
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: outcomes(service)["duplicate"] == 2)
    assert await settled(client, [2])


async def test_groups_remember_for_themselves(server: EmbeddedServer, client: Redis) -> None:
    await publish_numbers(server.url, 1, event_ids=[SAME])
    seen = asyncio.Event()
    other = Service("reports", server.url)

    @other.on(Number, stream=NUMBERS)
    async def report(_: Number) -> None:
        seen.set()

    async with numbers_service(server.url):
        await eventually(lambda: settled(client, [2]))
    async with other, asyncio.timeout(10):
        await seen.wait()


# --- the window --------------------------------------------------------------------------------------------------------


async def test_an_event_is_remembered_for_the_window_at_least_and_for_two_at_most(
    server: EmbeddedServer, client: Redis
) -> None:
    async with numbers_service(server.url, deduplicate=Deduplicate(seconds=100)):
        await publish_numbers(server.url, 1)
        await eventually(lambda: settled(client, [2]))

    (milliseconds_left,) = [await client.pttl(key) for key in KEYS.markers if await client.exists(key)]
    # A slow machine may have taken a while since the commit.
    assert 100_000 - 50_000 < milliseconds_left <= 200_000


async def test_an_event_of_the_window_before_is_still_known(server: EmbeddedServer, client: Redis) -> None:
    hour = 3600
    seconds, _ = await client.time()
    await client.sadd(KEYS.markers[(seconds // hour - 1) % 3], marker(SAME))
    runs = Runs()

    async with numbers_service(server.url, runs.double, deduplicate=Deduplicate(seconds=hour)) as service:
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: outcomes(service) == {"duplicate": 1})

    assert runs.values == []


async def test_after_the_window_an_event_id_may_take_effect_again(server: EmbeddedServer, client: Redis) -> None:
    async with numbers_service(server.url, deduplicate=Deduplicate(seconds=0.3)):
        await publish_numbers(server.url, 1, event_ids=[SAME])
        await eventually(lambda: settled(client, [2]))
        await eventually(lambda: no_markers(client), what="the end of the window")

        await publish_numbers(server.url, 1, event_ids=[SAME])

        await eventually(lambda: settled(client, [2, 2]))


async def test_without_a_window_nothing_is_remembered_and_every_entry_takes_effect(
    server: EmbeddedServer, client: Redis
) -> None:
    await publish_numbers(server.url, 1, 1, event_ids=[SAME, SAME])

    async with numbers_service(server.url, deduplicate=Deduplicate(seconds=0)) as service:
        await eventually(lambda: settled(client, [2, 2]))
        assert outcomes(service) == {"handled": 2}

    assert await no_markers(client)


# --- memory ------------------------------------------------------------------------------------------------------------


async def test_a_marker_is_a_member_of_16_bytes_in_a_set_that_expires(server: EmbeddedServer, client: Redis) -> None:
    ids = ["8c2b7f4e-3a43-4a58-9a5e-0f7c3b1d2e60", "order/7", "ÖÄÜ"]
    async with numbers_service(server.url):
        await publish_numbers(server.url, 1, 2, 3, event_ids=ids)
        await eventually(partial(settled, client, [2, 4, 6]))

    (key,) = [key for key in KEYS.markers if await client.exists(key)]
    members: Any = await client.smembers(key)
    assert [len(member) for member in members] == [16, 16, 16]
    assert await client.pttl(key) > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order/7", "order/8"),
        ("1-23-0000-0000-000000000000000000000", "12-3-0000-0000-000000000000000000000"),
        ("00000000-0000-0000-0000-00000000 001", "00000000-0000-0000-0000-0000000 0001"),
    ],
)
def test_event_ids_that_differ_have_markers_that_differ(one: str, other: str) -> None:
    assert marker(one) != marker(other)


def test_a_uuid_has_one_marker_however_it_is_written() -> None:
    assert marker("8C2B7F4E-3A43-4A58-9A5E-0F7C3B1D2E60") == marker("8c2b7f4e-3a43-4a58-9a5e-0f7c3b1d2e60")


async def no_markers(client: Redis) -> bool:
    return await client.exists(*KEYS.markers) == 0
