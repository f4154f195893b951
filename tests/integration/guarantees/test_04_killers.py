"""Promise 4, third part: an event that ends the process is a dead letter in the end, and its neighbours are done."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import dead_letters, numbers_on, one_server, until_drained
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs
from tests.support.programs import lives, memory_hog

from sluiceway import Publisher
from sluiceway.embedded import EmbeddedServer

STREAM, GROUP = "tasks", "workers"
KILLER = 25
GOOD = [number for number in range(50) if number != KILLER]


@one_server
@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
async def test_one_killer_among_50_events_in_one_prefetch_is_the_only_dead_letter(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, attempts: int, concurrency: int
) -> None:
    await publish(server, "kill")

    program = consumer(programs, server, attempts=attempts, concurrency=concurrency, names="same")
    await until_drained(client, STREAM, GROUP, within_seconds=60)

    await only_the_killer_is_dead(server, client)
    starts = Counter(line for line in program.lines if line.startswith("started "))
    assert starts.keys() >= {f"started {number}" for number in range(50)}
    assert attempts <= starts[f"started {KILLER}"] <= attempts + 1


async def test_lives_with_new_names_find_what_the_ones_before_left(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    await publish(server, "kill")

    consumer(programs, server, attempts=3, concurrency=16, names="new")
    await until_drained(client, STREAM, GROUP, within_seconds=60)

    await only_the_killer_is_dead(server, client)


@one_server
async def test_a_handler_that_exits_ends_its_process_and_no_other_event(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    await publish(server, "exit")

    consumer(programs, server, attempts=2, concurrency=16, names="new")
    await until_drained(client, STREAM, GROUP, within_seconds=60)

    await only_the_killer_is_dead(server, client)


@one_server
async def test_the_dead_letter_of_a_killer_says_how_often_it_was_tried(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    [entry_id] = await publish(server, "kill", only=True)

    program = consumer(programs, server, attempts=2, concurrency=1, names="same")
    await until_drained(client, STREAM, GROUP, within_seconds=60)

    [letter] = await dead_letters(server.url, STREAM, GROUP)
    told = letter.provenance
    assert (told["reason"], told["errorType"], told["entryId"]) == ("process_died", "ProcessDied", entry_id)
    await eventually(lambda: told["starts"] == program.lines.count(f"started {KILLER}"), what="all starts were told")
    assert told["consumer"] == "pod"
    assert dict(letter.fields)[b"type"] == b"TASK"


@one_server
async def test_a_handler_that_takes_all_memory_fails_alone_and_its_process_lives_on(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    await publish(server, "kill")

    program = programs.start(str(Path(memory_hog.__file__)), server.url, memory_limit_bytes=1 << 29)
    await until_drained(client, STREAM, GROUP, within_seconds=60)

    assert sorted(await numbers_on(client, "results")) == GOOD
    [letter] = await dead_letters(server.url, STREAM, GROUP)
    assert (letter.provenance["errorType"], letter.provenance["starts"]) == ("MemoryError", 2)
    assert program.running


def consumer(programs: Programs, server: EmbeddedServer, **options: Any) -> Program:
    return programs.start(str(Path(lives.__file__)), json.dumps({"redis": server.url, **options}))


async def publish(server: EmbeddedServer, deadly: Any, *, only: bool = False) -> list[str]:
    tasks = [
        lives.Task(number=number, deadly=deadly if number == KILLER else "")
        for number in range(50)
        if number == KILLER or not only
    ]
    async with Publisher(server.url, stream=STREAM) as publisher:
        return [receipt.entry_id for receipt in await publisher.publish_many(tasks)]


async def only_the_killer_is_dead(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    assert Counter(await numbers_on(client, "results")) == Counter(GOOD)
    [letter] = await dead_letters(server.url, STREAM, GROUP)
    assert lives.Task.decode(dict(letter.fields)[b"payload"]).number == KILLER
    assert letter.provenance["reason"] == "process_died"
