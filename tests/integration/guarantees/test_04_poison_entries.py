"""Promise 4, first part: an entry that is no event never blocks, is never lost, and harms no neighbour."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
import redis.asyncio
from pydantic import field_validator
from tests.support.consuming import (
    GROUP,
    KEYS,
    LEASE,
    STREAM,
    Note,
    add,
    add_raw,
    dead_letters,
    drained,
    one_server,
    running,
    until_drained,
)
from tests.support.eventually import eventually

from sluiceway import Context, Event, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.ids import foreign_event_id

GOOD = ("payload", '{"number":0}')


class Moody(Event, type="MOODY"):
    """An event whose own validator breaks."""

    number: int

    @field_validator("number")
    @classmethod
    def _stumble(cls, value: int) -> int:
        return {1: 1}[value]


POISON: dict[str, tuple[list[tuple[Any, Any]], str, str]] = {
    "wrong-version": ([("type", "NOTE"), GOOD, ("version", "2")], "unknown_version", "UnknownVersion"),
    "version-not-utf8": ([("type", "NOTE"), GOOD, ("version", b"\xff")], "unknown_version", "UnknownVersion"),
    "invalid-json": ([("type", "NOTE"), ("payload", '{"number":')], "undecodable", "ValidationError"),
    "payload-not-utf8": (
        [("type", "NOTE"), ("payload", b'{"number":1,"text":"\xff"}')],
        "undecodable",
        "ValidationError",
    ),
    "payload-empty": ([("type", "NOTE"), ("payload", "")], "undecodable", "ValidationError"),
    "payload-nested-too-deep": ([("type", "NOTE"), ("payload", "[" * 100_000)], "undecodable", "ValidationError"),
    "payload-no-object": ([("type", "NOTE"), ("payload", "[1]")], "invalid", "ValidationError"),
    "payload-lacks-a-field": ([("type", "NOTE"), ("payload", "{}")], "invalid", "ValidationError"),
    "payload-with-a-huge-number": (
        [("type", "NOTE"), ("payload", '{"number":' + "9" * 10_000 + "}")],
        "undecodable",
        "ValidationError",
    ),
    "payload-of-10-mb": (
        [("type", "NOTE"), ("payload", '{"number":"' + "x" * 10_000_000 + '"}')],
        "invalid",
        "ValidationError",
    ),
    "id-not-utf8": ([("type", "NOTE"), GOOD, ("id", b"\xfe\xff")], "undecodable", "UnicodeDecodeError"),
    "correlation-not-utf8": (
        [("type", "NOTE"), GOOD, ("correlationId", b"\xfe\xff")],
        "undecodable",
        "UnicodeDecodeError",
    ),
    "no-type": ([GOOD], "undecodable", "MissingField"),
    "no-payload": ([("type", "NOTE")], "undecodable", "MissingField"),
    "field-names-twice": (
        [("type", "OTHER"), ("payload", "{}"), ("type", "NOTE"), ("payload", "[]"), ("x", "1"), ("x", b"\x00\xff")],
        "invalid",
        "ValidationError",
    ),
    "names-of-replay-fields": (
        [("replayOf", b"\xff"), ("type", "NOTE"), ("payload", "{}"), ("replayNonce", "")],
        "invalid",
        "ValidationError",
    ),
    "more-fields-than-a-script-can-unpack": (
        [("type", "NOTE"), ("payload", "{}"), *((f"f{at}", "v") for at in range(5000))],
        "invalid",
        "ValidationError",
    ),
    "validator-of-the-class-breaks": ([("type", "MOODY"), ("payload", '{"number":7}')], "invalid", "KeyError"),
}


def noting(server: EmbeddedServer, seen: list[int], **options: Any) -> Service:
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE, **options)

    @service.on(Note, stream=STREAM)
    async def note(event: Note) -> None:
        seen.append(event.number)

    @service.on(Moody, stream=STREAM)
    async def stumble(event: Moody) -> None:
        seen.append(event.number)

    return service


@one_server
@pytest.mark.parametrize("kind", POISON)
async def test_a_bad_entry_becomes_a_dead_letter_at_once_and_its_neighbours_are_handled(
    server: EmbeddedServer, client: redis.asyncio.Redis, kind: str
) -> None:
    fields, reason, error_type = POISON[kind]
    await add(client, 1)
    entry_id = await add_raw(client, fields)
    await add(client, 2)
    seen: list[int] = []

    async with running(noting(server, seen), client):
        await until_drained(client)

    assert sorted(seen) == [1, 2]
    [letter] = await dead_letters(server.url)
    assert (letter.provenance["reason"], letter.provenance["errorType"]) == (reason, error_type)
    assert letter.provenance["entryId"] == entry_id
    assert letter.provenance["starts"] == 0
    assert letter.fields == tuple((_bytes(name), _bytes(value)) for name, value in fields)


async def test_every_kind_of_bad_entry_in_one_read_leaves_the_good_ones_alone(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    for number, (fields, _, _) in enumerate(POISON.values()):
        await add_raw(client, fields)
        await add(client, number)
    seen: list[int] = []

    async with running(noting(server, seen), client):
        await until_drained(client)

    assert sorted(seen) == list(range(len(POISON)))
    letters = await dead_letters(server.url)
    assert [letter.provenance["reason"] for letter in letters] == [reason for _, reason, _ in POISON.values()]


async def test_a_dead_letter_says_where_it_came_from_and_what_was_wrong(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    entry_id = await add_raw(
        client,
        [
            ("id", "e-1"),
            ("type", "NOTE"),
            ("payload", '{"number":"seven"}'),
            ("correlationId", "c-1"),
            ("traceparent", traceparent),
        ],
    )
    service = noting(server, [])

    async with running(service, client):
        await until_drained(client)

    [letter] = await dead_letters(server.url)
    told = letter.provenance
    published = int(entry_id.partition("-")[0])
    assert published <= told.pop("firstTime") == told.pop("lastTime")
    assert "number" in told.pop("error")
    assert told == {
        "stream": STREAM,
        "entryId": entry_id,
        "group": GROUP,
        "consumer": service.consumer,
        "reason": "invalid",
        "starts": 0,
        "publishedTime": published,
        "errorType": "ValidationError",
        "eventId": "e-1",
        "correlationId": "c-1",
        "traceparent": traceparent,
    }


@one_server
async def test_a_second_copy_of_a_bad_entry_is_a_duplicate_even_if_its_commit_has_to_be_sent_again(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    seen: list[int] = []
    service = noting(server, seen)
    await add_raw(client, [("id", "e-1"), ("type", "NOTE"), ("payload", "{")])

    async with running(service, client):
        await until_drained(client)
        link: Any = service.consumers[0]._committer._link
        run, calls = link.run, []

        async def lose_the_first_reply(*arguments: Any) -> Any:
            reply = await run(*arguments)
            calls.append(reply)
            if len(calls) == 1:
                raise redis.exceptions.ConnectionError("the reply was lost")
            return reply

        link.run = lose_the_first_reply
        await add_raw(client, [("id", "e-1"), ("type", "NOTE"), ("payload", "{")])
        await eventually(lambda: len(calls) == 2, what="the commit is sent again")
        await add(client, 1)
        await until_drained(client)
        settled = service.consumers[0].stats.settled
        await eventually(lambda: settled == {"dead_lettered": 1, "duplicate": 1, "handled": 1}, what="each is counted")

    assert len(await dead_letters(server.url)) == 1


@one_server
async def test_what_was_sent_stays_out_of_the_error_text(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await add_raw(client, [("type", "NOTE"), ("payload", '{"number":"card 4111"}')])

    async with running(noting(server, []), client):
        await until_drained(client)

    [letter] = await dead_letters(server.url)
    assert "4111" not in json.dumps(letter.provenance)


@one_server
@pytest.mark.parametrize("kind", ["OTHER", b"\xff\xfe"], ids=["unknown-type", "type-not-utf8"])
async def test_a_type_that_nobody_takes_is_acknowledged_and_counted_by_default(
    server: EmbeddedServer, client: redis.asyncio.Redis, kind: str | bytes
) -> None:
    await add_raw(client, [("type", kind), GOOD])
    seen: list[int] = []
    service = noting(server, seen)

    async with running(service, client):
        await until_drained(client)
        settled = service.consumers[0].stats.settled
        await eventually(lambda: settled["ignored"] == 1, what="the entry is counted")

    assert not seen
    assert not await client.exists(KEYS.dead)


@one_server
@pytest.mark.parametrize("kind", ["OTHER", b"\xff\xfe"], ids=["unknown-type", "type-not-utf8"])
async def test_a_type_that_nobody_takes_becomes_a_dead_letter_where_asked_for(
    server: EmbeddedServer, client: redis.asyncio.Redis, kind: str | bytes
) -> None:
    await add_raw(client, [("type", kind), GOOD])
    await add(client, 1)
    seen: list[int] = []

    service = noting(server, seen, unhandled="dead_letter")
    await service.start()
    await eventually(lambda: drained(client), what="both are settled")
    await service.stop()

    assert seen == [1]
    [letter] = await dead_letters(server.url)
    assert letter.provenance["reason"] == "unhandled"
    assert letter.fields[0] == (b"type", _bytes(kind))


async def test_an_entry_with_only_type_and_payload_is_consumed_under_an_id_made_from_its_place(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    contexts: list[Context] = []
    service = Service(GROUP, redis=server.url)

    @service.on(Note, stream=STREAM)
    async def note(_: Note, context: Context) -> None:
        contexts.append(context)

    entry_id = await add(client, 1)

    async with running(service, client):
        await until_drained(client)

    [context] = contexts
    assert context.event_id == foreign_event_id(STREAM, entry_id)
    assert context.correlation_id == context.event_id
    assert (context.entry_id, context.stream, context.group) == (entry_id, STREAM, GROUP)
    assert (context.key, context.causation_id, context.traceparent, dict(context.fields)) == ("", "", "", {})
    assert context.payload == b'{"number":1}'
    assert context.published_at == datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, UTC)


@one_server
async def test_unknown_fields_are_handed_over_as_they_came(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    handed: list[dict[str, bytes]] = []
    service = Service(GROUP, redis=server.url)

    @service.on(Note, stream=STREAM)
    async def note(_: Note, context: Context) -> None:
        handed.append(dict(context.fields))

    await add(client, 1, tenant="acme", blob=b"\x00\xff")
    await add_raw(client, [("type", "NOTE"), GOOD, (b"n\xff", "1"), ("replayOf", "mine"), ("replayNonce", "mine")])

    async with running(service, client):
        await until_drained(client)

    assert handed == [
        {"tenant": b"acme", "blob": b"\x00\xff"},
        {"n\N{REPLACEMENT CHARACTER}": b"1", "replayOf": b"mine", "replayNonce": b"mine"},
    ]


@one_server
async def test_a_time_that_is_no_number_gives_way_to_that_of_the_entry(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    times: list[datetime] = []
    service = Service(GROUP, redis=server.url)

    @service.on(Note, stream=STREAM)
    async def note(_: Note, context: Context) -> None:
        times.append(context.published_at)

    ids = [await add(client, 1, time=time) for time in ("yesterday", b"\xff", "9" * 30)]

    async with running(service, client):
        await until_drained(client)

    assert times == [datetime.fromtimestamp(int(each.partition("-")[0]) / 1000, UTC) for each in ids]
    assert not await client.exists(KEYS.dead)


@one_server
async def test_a_good_event_of_10_mb_is_handled(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    lengths: list[int] = []
    service = Service(GROUP, redis=server.url)

    @service.on(Note, stream=STREAM)
    async def note(event: Note) -> None:
        lengths.append(len(event.text))

    await add_raw(client, [("type", "NOTE"), ("payload", '{"number":1,"text":"' + "x" * 10_000_000 + '"}')])

    async with running(service, client):
        await until_drained(client)

    assert lengths == [10_000_000]


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
