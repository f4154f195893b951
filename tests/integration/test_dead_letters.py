"""The dead letters of a group: listed, shown, given back and thrown away."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from structlog.testing import capture_logs
from tests.support.consuming import GROUP, KEYS, STREAM, add_raw, one_server

from sluiceway import DeadLetters, SluicewayError
from sluiceway.embedded import EmbeddedServer

pytestmark = one_server


@pytest_asyncio.fixture
async def letters(server: EmbeddedServer) -> AsyncIterator[DeadLetters]:
    async with DeadLetters(server.url, STREAM, GROUP) as letters:
        yield letters


async def write(client: redis.asyncio.Redis, number: int) -> str:
    provenance = json.dumps({"entryId": f"{number}-0", "reason": "rejected"})
    fields = {"deadLetter": provenance, "type": "NOTE", "payload": f'{{"number":{number}}}'}
    return await add_raw(client, fields.items(), KEYS.dead)


async def ids(letters: DeadLetters) -> list[str]:
    return [letter.id async for letter in letters.list()]


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 250])
async def test_the_list_has_all_of_them_in_order_over_several_pages(
    client: redis.asyncio.Redis, letters: DeadLetters, number: int
) -> None:
    written = [await write(client, each) for each in range(number)]

    assert await ids(letters) == written
    assert await letters.count() == number


async def test_one_may_be_replayed_or_purged_while_the_list_is_read(
    client: redis.asyncio.Redis, letters: DeadLetters
) -> None:
    written = [await write(client, each) for each in range(250)]

    seen = []
    async for letter in letters.list():
        seen.append(letter.id)
        if len(seen) % 2:
            await letters.replay(letter.id)
        else:
            await letters.purge(letter.id)

    assert seen == written
    assert await letters.count() == 0
    assert await client.xlen(KEYS.replay) == 125


async def test_show_gives_provenance_and_fields(client: redis.asyncio.Redis, letters: DeadLetters) -> None:
    await write(client, 1)
    letter_id = await write(client, 2)

    letter = await letters.show(letter_id)

    assert letter is not None
    assert (letter.id, letter.provenance["entryId"]) == (letter_id, "2-0")
    assert letter.fields == ((b"type", b"NOTE"), (b"payload", b'{"number":2}'))


@pytest.mark.parametrize("unknown", ["1-1", "nonsense", "", "-", "+", "1", "\ud83d"])
async def test_an_unknown_id_is_shown_replayed_and_purged_to_no_effect(
    client: redis.asyncio.Redis, letters: DeadLetters, unknown: str
) -> None:
    await write(client, 1)

    assert await letters.show(unknown) is None
    assert await letters.replay(unknown) is None
    assert await letters.purge(unknown) == 0
    assert await letters.count() == 1
    assert not await client.exists(KEYS.replay)


async def test_a_replay_moves_one_with_its_fields(client: redis.asyncio.Redis, letters: DeadLetters) -> None:
    first, second = await write(client, 1), await write(client, 2)

    entry_id = await letters.replay(second)

    assert await ids(letters) == [first]
    entries: Any = await client.xrange(KEYS.replay)
    [(found, fields)] = entries
    assert found.decode() == entry_id
    assert (fields[b"replayOf"], fields[b"type"], fields[b"payload"]) == (b"2-0", b"NOTE", b'{"number":2}')
    assert len(fields[b"replayNonce"]) == 32


async def test_one_letter_is_replayed_once_however_often_it_is_asked_for(
    client: redis.asyncio.Redis, letters: DeadLetters
) -> None:
    letter_id = await write(client, 1)

    assert await letters.replay(letter_id) is not None
    assert await letters.replay(letter_id) is None
    assert await client.xlen(KEYS.replay) == 1


async def test_replay_all_takes_what_was_there_and_not_what_comes_meanwhile(
    client: redis.asyncio.Redis, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        await write(client, number)
    replay = letters.replay

    async def come_back(letter_id: str) -> str | None:
        """What is replayed fails at once and is a dead letter again."""
        await write(client, 1000)
        return await replay(letter_id)

    monkeypatch.setattr(letters, "replay", come_back)

    assert await letters.replay_all() == 150
    assert await client.xlen(KEYS.replay) == 150
    assert await letters.count() == 150


async def test_replay_all_of_none_is_none(letters: DeadLetters) -> None:
    assert await letters.replay_all() == 0


async def test_purge_throws_away_the_named_ones_or_all(client: redis.asyncio.Redis, letters: DeadLetters) -> None:
    written = [await write(client, number) for number in range(5)]

    assert await letters.purge(written[0], written[3], "9-9") == 2
    assert await ids(letters) == [written[1], written[2], written[4]]
    assert await letters.purge() == 3
    assert await ids(letters) == []
    assert await letters.purge() == 0


@pytest.mark.parametrize(
    "foreign",
    [
        {"type": "NOTE", "payload": "{}"},
        {"deadLetter": "no JSON"},
        {"deadLetter": b"\xff"},
        {"deadLetter": "[]"},
        {"deadLetter": "{}"},
        {"deadLetterPacked": '{"entryId":"1-0"}'},
        {"deadLetterPacked": '{"entryId":"1-0"}', "fields": "7:no"},
    ],
)
async def test_what_somebody_else_put_there_is_named_and_in_nobody_s_way(
    client: redis.asyncio.Redis, letters: DeadLetters, foreign: dict[str, str | bytes]
) -> None:
    first = await write(client, 1)
    stranger = await add_raw(client, foreign.items(), KEYS.dead)
    last = await write(client, 2)

    with capture_logs() as logs:
        assert await ids(letters) == [first, last]
    assert [log["entry_id"] for log in logs] == [stranger]
    with pytest.raises(SluicewayError, match=f"{stranger}: no dead letter"):
        await letters.show(stranger)
    assert await letters.replay_all() == 2
    assert await letters.purge(stranger) == 1
    assert await letters.count() == 0
