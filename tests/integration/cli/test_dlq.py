"""`sluiceway dlq` on real servers, with dead letters that the engine wrote."""

import asyncio
import json
import os
import pty
import subprocess

import redis.asyncio
from tests.support.cli import COMMAND, environment, sluiceway
from tests.support.entries import entries
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered

from sluiceway import Context, Reject, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import GroupKeys

KEYS = GroupKeys("numbers", "counters")
WHICH = ("numbers", "counters")


async def refuse_all(server: EmbeddedServer, client: redis.asyncio.Redis, *numbers: int) -> list[str]:
    """Let a consumer reject these numbers; return the IDs of their dead letters."""
    service = Service("counters", redis=server.url)
    service.consume("numbers", lease=QUICK)

    @service.on(Numbered, stream="numbers", concurrency=1)
    async def reject(event: Numbered, _: Context) -> None:
        raise Reject(f"number {event.number}\x1b[31m")

    for number in numbers:
        await client.xadd("numbers", {"type": "NUMBERED", "payload": json.dumps({"number": number}), "note": b"\xff"})
    async with service:
        await eventually(lambda: letters(client, len(numbers)), what="the dead letters")
    return [entry_id for entry_id, _ in await entries(client, KEYS.dead)]


async def letters(client: redis.asyncio.Redis, number: int) -> bool:
    return int(await client.xlen(KEYS.dead)) == number


async def test_dead_letters_are_listed_with_why_and_when(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    ids = await refuse_all(server, client, 1, 2)

    listed = sluiceway(server.url, "dlq", "list", *WHICH, "--json").document
    text = sluiceway(server.url, "dlq", "list", *WHICH, "--limit", "1")

    assert listed["total"] == 2
    assert [letter["id"] for letter in listed["dead_letters"]] == ids
    assert [(letter["reason"], letter["type"], letter["starts"]) for letter in listed["dead_letters"]] == [
        ("rejected", "NUMBERED", 1),
        ("rejected", "NUMBERED", 1),
    ]
    assert "1 more" in text.out
    assert "number 1\\x1b[31m" in text.out


async def test_one_is_shown_with_its_provenance_and_its_original_fields(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    (letter_id,) = await refuse_all(server, client, 7)

    shown = sluiceway(server.url, "dlq", "show", *WHICH, letter_id, "--json").document
    text = sluiceway(server.url, "dlq", "show", *WHICH, letter_id)

    assert (shown["provenance"]["group"], shown["provenance"]["error_type"]) == ("counters", "Reject")
    assert shown["fields"] == [
        {"name": {"text": "type"}, "value": {"text": "NUMBERED"}},
        {"name": {"text": "payload"}, "value": {"text": '{"number": 7}'}},
        {"name": {"text": "note"}, "value": {"base64": "/w=="}},
    ]
    assert r"b'\xff'" in text.out
    assert "\x1b" not in text.out


async def test_one_is_replayed_to_its_group_and_a_missing_one_is_told(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    first, second = await refuse_all(server, client, 1, 2)

    ended = sluiceway(server.url, "dlq", "replay", *WHICH, first, "1-1", "--json")

    assert ended.code == 1
    assert "not there: 1-1" in ended.err
    [(entry_id, fields)] = await entries(client, KEYS.replay)
    assert json.loads(ended.out) == {"replayed": [{"id": first, "entry_id": entry_id}], "missing": ["1-1"]}
    assert fields[b"payload"] == b'{"number": 1}'
    assert [entry for entry, _ in await entries(client, KEYS.dead)] == [second]


async def test_all_are_replayed_once_though_they_fail_again_meanwhile(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    ids = await refuse_all(server, client, *range(5))
    service = Service("counters", redis=server.url)

    @service.on(Numbered, stream="numbers")
    async def reject(_: Numbered) -> None:
        raise Reject("again")

    async with service:
        ended = await asyncio.to_thread(sluiceway, server.url, "dlq", "replay", *WHICH, "--all", "--json")
        await eventually(lambda: letters(client, 5), what="all of them as new dead letters")

    assert [each["id"] for each in ended.document["replayed"]] == ids


async def test_they_are_deleted_only_when_somebody_says_yes(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    first, *_ = await refuse_all(server, client, 1, 2, 3)

    sluiceway(server.url, "dlq", "purge", *WHICH, "--all").failed(2, "all (3)", "Say --yes")
    assert await letters(client, 3)

    assert sluiceway(server.url, "dlq", "purge", *WHICH, first, "--yes", "--json").document == {"purged": 1}
    assert await letters(client, 2)
    assert sluiceway(server.url, "dlq", "purge", *WHICH, first, "--yes").code == 1

    assert sluiceway(server.url, "dlq", "purge", *WHICH, "--all", "--yes").out == "purged 2\n"
    assert await letters(client, 0)


async def test_at_a_terminal_the_person_is_asked(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await refuse_all(server, client, 1)

    def answer(word: bytes) -> int:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*COMMAND, "dlq", "purge", *WHICH, "--all"],
            stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(server.url),
        ) as process:  # fmt: skip
            os.close(theirs)
            os.write(ours, word)
            process.communicate(timeout=60)
            os.close(ours)
        return process.returncode

    assert answer(b"n\n") == 1
    assert await letters(client, 1)
    assert answer(b"y\n") == 0
    assert await letters(client, 0)


async def test_a_mistyped_name_is_told_from_a_group_without_dead_letters(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await client.xgroup_create("numbers", "counters", "0", mkstream=True)

    listed = sluiceway(server.url, "dlq", "list", *WHICH)

    assert (listed.code, listed.out) == (0, "no dead letters\n")
    sluiceway(server.url, "dlq", "list", "nmbers", "counters").failed(1, "there is no stream 'nmbers'")
    sluiceway(server.url, "dlq", "replay", "numbers", "conters", "--all").failed(
        1, "no group 'conters'; it has counters"
    )
    sluiceway(server.url, "dlq", "show", *WHICH, "1-1").failed(1, "no dead letter 1-1")
    sluiceway(server.url, "dlq", "list", "numbers", "~released").failed(2, "does not begin with '~'")
