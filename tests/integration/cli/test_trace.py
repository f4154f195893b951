"""`sluiceway trace` on real servers, with flows that the engine carried on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
import redis.asyncio
from redis.exceptions import ResponseError
from tests.support.cli import sluiceway
from tests.support.entries import append_all
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Answered, Numbered

from sluiceway import Publisher, Receipt, Reject, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import foreign_event_id
from sluiceway.keys import GroupKeys


async def publish(server: EmbeddedServer, number: int = 1) -> Receipt:
    async with Publisher(server.url, "numbers") as publisher:
        return await publisher.publish(Numbered(number=number))


async def settled(client: redis.asyncio.Redis, stream: str, group: str) -> bool:
    """Whether a group was given all of a stream that was written to, and owes nothing."""
    about: Any = await client.xinfo_stream(stream)
    if about["entries-added"] == 0:
        return False
    groups: Any = await client.xinfo_groups(stream)
    return [(each["pending"], each["last-delivered-id"]) for each in groups if each["name"] == group.encode()] == [
        (0, about["last-generated-id"])
    ]


@pytest_asyncio.fixture
async def chain(server: EmbeddedServer, client: redis.asyncio.Redis) -> AsyncIterator[Receipt]:
    """A flow through two services that run: an answer to a number, and a last one that answers the answer."""
    doubler, printer = Service("doubler", redis=server.url), Service("printer", redis=server.url)

    @doubler.on(Numbered, stream="numbers", publishes="answers")
    async def double(event: Numbered) -> Answered:
        return Answered(number=2 * event.number)

    @printer.on(Answered, stream="answers")
    async def show(_: Answered) -> None:
        pass

    async with doubler, printer:
        receipt = await publish(server)
        await eventually(
            lambda: settled(client, "answers", "printer"), what="the end of the flow", ignoring=(ResponseError,)
        )
        yield receipt


def test_the_events_of_a_flow_are_shown_in_order_with_who_published_them_and_their_delays(
    server: EmbeddedServer, chain: Receipt
) -> None:
    flow = sluiceway(server.url, "trace", chain.correlation_id, "--json").document

    first, second = flow["events"]
    assert (first["stream"], first["type"], first["entry_id"]) == ("numbers", "NUMBERED", chain.entry_id)
    assert (first["published_by"], first["delay_ms"]) == (None, None)
    assert (second["stream"], second["type"], second["published_by"]) == ("answers", "ANSWERED", "doubler")
    assert second["causation_id"] == chain.event_id
    assert second["delay_ms"] == second["time_ms"] - first["time_ms"] == flow["total_ms"]
    assert [[(each["group"], each["outcome"]) for each in event["outcomes"]] for event in flow["events"]] == [
        [("doubler", "settled")],
        [("printer", "settled")],
    ]
    assert flow["looked_at"]["streams"] == ["answers", "numbers"]


def test_the_text_shows_the_same(server: EmbeddedServer, chain: Receipt) -> None:
    ended = sluiceway(server.url, "trace", chain.correlation_id)

    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[0][:4] == ["flow", f"{chain.correlation_id}:", "2", "events,"]
    assert lines[3][3:] == ["numbers", "NUMBERED", "outside", chain.entry_id]
    assert lines[4] == ["->", "doubler", "settled"]
    assert lines[6] == ["->", "printer", "settled"]


async def test_what_no_consumer_has_taken_is_not_yet_delivered(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    receipt = await publish(server)
    await client.xgroup_create("numbers", "doubler", "0")

    (outcome,) = outcomes(server, receipt)

    assert outcome == {"group": "doubler", "outcome": "not_delivered", "replay": False}


async def test_what_is_being_handled_is_pending_with_its_consumer(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    receipt = await publish(server)
    await client.xgroup_create("numbers", "doubler", "0")
    await client.xreadgroup("doubler", "pod-1", {"numbers": ">"})

    (outcome,) = outcomes(server, receipt)

    assert (outcome["outcome"], outcome["consumer"], outcome["deliveries"]) == ("pending", "pod-1", 1)


async def test_a_dead_letter_is_part_of_its_flow_also_when_the_stream_was_trimmed(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    receipt = await dead_letter(server, client)

    (outcome,) = outcomes(server, receipt)
    await client.xtrim("numbers", maxlen=0, approximate=False)
    flow = sluiceway(server.url, "trace", receipt.correlation_id, "--json").document

    assert (outcome["outcome"], outcome["reason"], outcome["error"]) == ("dead_letter", "rejected", "never")
    (event,) = flow["events"]
    assert (event["entry_id"], event["type"], event["in_stream"]) == (receipt.entry_id, "NUMBERED", False)
    assert event["outcomes"][0]["letter_id"] == outcome["letter_id"]
    assert "no longer in the stream" in sluiceway(server.url, "trace", receipt.correlation_id).out


async def test_a_replayed_dead_letter_is_followed_to_its_end(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    receipt = await dead_letter(server, client)
    assert sluiceway(server.url, "dlq", "replay", "numbers", "doubler", "--all").code == 0

    (waiting,) = outcomes(server, receipt)
    service = Service("doubler", redis=server.url)

    @service.on(Numbered, stream="numbers")
    async def succeed(_: Numbered) -> None:
        pass

    async with service:
        await eventually(lambda: settled(client, GroupKeys("numbers", "doubler").replay, "doubler"), what="the replay")
    (done,) = outcomes(server, receipt)

    assert (waiting["outcome"], waiting["replay"]) == ("not_delivered", True)
    assert (done["outcome"], done["replay"]) == ("settled", False)


async def test_a_foreign_entry_is_found_by_the_event_id_that_the_sdk_derives(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    (entry_id,) = await append_all(client, "numbers", [{"type": "NUMBERED", "payload": "{}"}])

    flow = sluiceway(server.url, "trace", foreign_event_id("numbers", entry_id), "--json").document

    assert [event["entry_id"] for event in flow["events"]] == [entry_id]


async def test_only_the_window_and_the_streams_that_are_named_are_searched(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    now = (await client.time())[0] * 1000
    hours_ago = f"{now - 3 * 3_600_000}-0"
    await client.xadd("old", {"id": "a", "type": "A", "correlationId": "c-1"}, id=hours_ago)
    await client.xadd("new", {"id": "b", "type": "B", "correlationId": "c-1"})

    def streams(*options: str) -> list[str]:
        flow = sluiceway(server.url, "trace", "c-1", "--json", *options).document
        return [event["stream"] for event in flow["events"]]

    assert streams() == ["new"]
    assert streams("--since", "4h") == ["old", "new"]
    assert streams("--since", "4h", "--streams", "old") == ["old"]
    sluiceway(server.url, "trace", "c-1", "--streams", "odl").failed(1, "there is no stream 'odl'")
    sluiceway(server.url, "trace", "c-2").failed(1, "no event of flow 'c-2'", "--since")


async def test_a_search_goes_through_many_pages_and_ends_at_its_limit(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await append_all(client, "numbers", [{"type": "NUMBERED", "correlationId": "other", "payload": "{}"}] * 2500)
    await client.xadd("numbers", {"id": "e-1", "type": "NUMBERED", "correlationId": "c-1"})

    found = sluiceway(server.url, "trace", "c-1", "--json").document
    cut = sluiceway(server.url, "trace", "c-1", "--limit", "2500")

    assert found["looked_at"]["entries"] == 2501
    assert [event["event_id"] for event in found["events"]] == ["e-1"]
    cut.failed(1, "not all of numbers was read")


def outcomes(server: EmbeddedServer, receipt: Receipt) -> list[dict[str, Any]]:
    """What became of the only event of a flow."""
    (event,) = sluiceway(server.url, "trace", receipt.correlation_id, "--json").document["events"]
    found: list[dict[str, Any]] = event["outcomes"]
    return found


async def dead_letter(server: EmbeddedServer, client: redis.asyncio.Redis) -> Receipt:
    """Publish an event that is rejected, and wait for its dead letter."""
    service = Service("doubler", redis=server.url)
    service.consume("numbers", lease=QUICK)

    @service.on(Numbered, stream="numbers")
    async def reject(_: Numbered) -> None:
        raise Reject("never")

    async with service:
        receipt = await publish(server)
        await eventually(lambda: client.xlen(GroupKeys("numbers", "doubler").dead), what="the dead letter")
    return receipt
