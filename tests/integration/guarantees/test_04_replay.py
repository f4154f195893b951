"""Promise 4, last part: what became a dead letter can be given back to its group, and to no other."""

from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import (
    GROUP,
    KEYS,
    LEASE,
    STREAM,
    Echo,
    Note,
    add,
    add_raw,
    dead_letters,
    drained,
    numbers_on,
    one_server,
    running,
    until_drained,
)
from tests.support.eventually import eventually

from sluiceway import Context, DeadLetters, Reject, Service
from sluiceway.backlog import observe_backlog
from sluiceway.connection import Endpoint, Link
from sluiceway.embedded import EmbeddedServer


class Clerk:
    """A service that rejects every note until it is told to be kind, and echoes them then."""

    def __init__(self, server: EmbeddedServer, group: str = GROUP) -> None:
        self.kind = False
        self.seen: list[Context] = []
        self.service = Service(group, redis=server.url)
        self.service.consume(STREAM, lease=LEASE)
        self.service.on(Note, stream=STREAM, publishes="echoes")(self.handle)

    async def handle(self, note: Note, context: Context) -> Echo:
        self.seen.append(context)
        if not self.kind:
            raise Reject("not today")
        return Echo(number=note.number)


async def test_a_replayed_event_is_handled_under_its_old_identity(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    clerk = Clerk(server)
    entry_id = await add(client, 1, id="e-1", correlationId="c-1", key="k", tenant="acme", time="86400000")

    async with running(clerk.service, client), DeadLetters(server.url, STREAM, GROUP) as letters:
        await until_drained(client)
        clerk.kind = True
        assert await letters.replay_all() == 1
        await until_drained(client, KEYS.replay)

        assert await letters.count() == 0
    first, again = clerk.seen
    for context in (first, again):
        assert (context.event_id, context.correlation_id, context.key) == ("e-1", "c-1", "k")
        assert (context.stream, context.entry_id) == (STREAM, entry_id)
        assert dict(context.fields) == {"tenant": b"acme"}
        assert context.payload == b'{"number":1}'
        assert context.published_at.timestamp() == 86_400
    assert await numbers_on(client, "echoes") == [1]


@one_server
async def test_a_replayed_event_without_an_id_keeps_the_one_made_from_its_first_place(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    clerk = Clerk(server)
    await add(client, 1)

    async with running(clerk.service, client), DeadLetters(server.url, STREAM, GROUP) as letters:
        await until_drained(client)
        await letters.replay_all()
        await until_drained(client, KEYS.replay)

    first, again = clerk.seen
    assert again.event_id == first.event_id
    assert again.published_at == first.published_at


async def test_a_replay_goes_to_this_group_only(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    clerk, other = Clerk(server), Clerk(server, group="notifications")
    other.kind = True
    await add(client, 1)

    async with (
        running(clerk.service, client),
        running(other.service, client),
        DeadLetters(server.url, STREAM, GROUP) as letters,
    ):
        await until_drained(client)
        await until_drained(client, group="notifications")
        await letters.replay_all()
        await until_drained(client, KEYS.replay)
        # Whatever the other group could still get has been given to it.
        await until_drained(client, group="notifications")

    assert len(clerk.seen) == 2
    assert len(other.seen) == 1


@pytest.mark.parametrize("fields", [1, 5000], ids=["few-fields", "more-than-a-script-can-unpack"])
async def test_replayed_poison_is_a_dead_letter_again_with_its_original_place_and_fields(
    server: EmbeddedServer, client: redis.asyncio.Redis, fields: int
) -> None:
    raw: list[tuple[bytes, bytes]] = [(b"type", b"NOTE"), (b"payload", b"{"), *((b"x", b"\xff") for _ in range(fields))]
    entry_id = await add_raw(client, raw)
    clerk = Clerk(server)

    async with running(clerk.service, client), DeadLetters(server.url, STREAM, GROUP) as letters:
        await until_drained(client)
        [first] = await dead_letters(server.url)
        await letters.replay(first.id)
        await until_drained(client, KEYS.replay)
        [second] = await dead_letters(server.url)

    assert second.id != first.id
    assert second.fields == first.fields == tuple(raw)
    for name in ("entryId", "publishedTime", "stream", "group", "eventId", "correlationId", "reason"):
        assert second.provenance[name] == first.provenance[name]
    assert second.provenance["entryId"] == entry_id


@one_server
async def test_a_replay_starts_counting_anew(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    clerk = Clerk(server)
    await add(client, 1)

    async with running(clerk.service, client), DeadLetters(server.url, STREAM, GROUP) as letters:
        await until_drained(client)
        await letters.replay_all()
        await until_drained(client, KEYS.replay)

    assert [context.delivery_count for context in clerk.seen] == [1, 1]


async def test_what_is_replayed_counts_as_backlog_until_it_is_settled(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    clerk = Clerk(server)
    link = Link(Endpoint(server.url), STREAM)
    for number in range(3):
        await add(client, number)
    async with running(clerk.service, client):
        await until_drained(client)

    async with DeadLetters(server.url, STREAM, GROUP) as letters:
        await client.xtrim(STREAM, maxlen=0, approximate=False)
        await letters.replay_all()

    backlog = await observe_backlog(link, KEYS)
    assert backlog is not None
    assert (backlog.lag, backlog.pending, backlog.dead_letters) == (3, 0, 0)

    clerk.kind = True
    async with running(clerk.service, client):
        await until_drained(client, KEYS.replay)
        backlog = await observe_backlog(link, KEYS)
    await link.close()
    assert backlog is not None
    assert (backlog.lag, backlog.pending, backlog.dead_letters) == (0, 0, 0)
    assert await client.xlen(KEYS.replay) == 0, "what is settled does not stay in the replay stream"


@one_server
async def test_what_is_no_replay_in_the_replay_stream_is_taken_for_what_it_is(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    clerk = Clerk(server)
    clerk.kind = True
    strange: list[list[tuple[Any, Any]]] = [
        [("type", "NOTE"), ("payload", '{"number":1}')],
        [("replayOf", b"\xff"), ("replayNonce", "n"), ("type", "NOTE"), ("payload", '{"number":2}')],
        [("replayOfPacked", "1-1"), ("replayNonce", "n"), ("fields", "7:no")],
    ]

    async with running(clerk.service, client):
        for fields in strange:
            await add_raw(client, fields, KEYS.replay)
        await eventually(lambda: drained(client, KEYS.replay), what="all are settled")

    assert sorted(await numbers_on(client, "echoes")) == [1, 2]
    [letter] = await dead_letters(server.url)
    assert letter.provenance["errorType"] == "MissingField"
