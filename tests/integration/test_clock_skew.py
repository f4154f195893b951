"""No decision depends on a client's wall clock: leases and waits use the server's clock or a monotonic one."""

import ast
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import redis.asyncio
from tests.support.consuming import dead_letters, drained, one_server
from tests.support.eventually import eventually
from tests.support.numbered import Numbered, answers
from tests.support.processes import Program, Programs

import sluiceway
from sluiceway import Publisher
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis
ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/support/programs/skewed_consumer.py"
DAY = 86_400


def start(programs: Programs, server: EmbeddedServer, offset_seconds: int, held: int = -1) -> Program:
    path = {"PYTHONPATH": str(ROOT)}
    return programs.start(str(PROGRAM), server.url, str(offset_seconds), str(held), env=path)


@one_server
@pytest.mark.parametrize("offset_seconds", [-DAY, DAY], ids=["a day slow", "a day fast"])
async def test_retries_duplicates_and_takeover_work_between_machines_whose_clocks_disagree(
    server: EmbeddedServer, client: Redis, programs: Programs, offset_seconds: int
) -> None:
    first = start(programs, server, offset_seconds, held=4)
    await first.line("ready")
    async with Publisher(server.url, "orders") as publisher:
        for number in range(5):
            await publisher.publish(Numbered(number=number), event_id=f"event-{number}")
        await first.line("begun 4")
        # Failures are recorded by the first and due by the server's clock; the fourth event is in its hands when it dies.
        await eventually(lambda: _answered(client, {0, 1, 2, 3}))
        first.kill()
        second = start(programs, server, -offset_seconds)
        await second.line("ready")
        # Duplicates of what was settled on a machine with another date.
        for number in range(5):
            await publisher.publish(Numbered(number=number), event_id=f"event-{number}")

        await second.line("begun 4")
        await eventually(lambda: drained(client), within_seconds=20)

    assert await answers(client, "payments") == dict.fromkeys(range(5), 1)
    assert await dead_letters(server.url) == []
    assert not second.find("begun [0-3]"), "duplicates skip their handlers"


@one_server
async def test_the_leases_of_a_machine_with_a_wrong_clock_are_kept(
    server: EmbeddedServer, client: Redis, programs: Programs
) -> None:
    holder = start(programs, server, DAY, held=2)
    await holder.line("ready")
    async with Publisher(server.url, "orders") as publisher:
        await publisher.publish(Numbered(number=2))
        await holder.line("begun 2")
        other = start(programs, server, -DAY)
        await other.line("ready")

        # Far longer than a lease: a later event passes through its retries many times while the first is held.
        for number in range(3, 13, 2):
            await publisher.publish(Numbered(number=number))
            await eventually(partial(_answered, client, {number}))

    assert not other.find("begun 2")
    assert set(await answers(client, "payments")) == {3, 5, 7, 9, 11}


async def _answered(client: Redis, numbers: set[int]) -> bool:
    return numbers <= set(await answers(client, "payments"))


def test_the_wall_clock_is_read_for_information_only() -> None:
    package = Path(sluiceway.__file__).parent
    found = {
        f"{path.relative_to(package)}: {call}"
        for path in package.rglob("*.py")
        for call in _wall_clock_calls(ast.parse(path.read_text()))
    }

    assert found == {
        "engine/committer.py: time.time",  # the end-to-end latency that is observed
        "engine/deadletter.py: time.time",  # what a dead letter tells about its last attempt
        "testing/memory/server.py: time.time",  # the clock of a server that is no other process
    }


def _wall_clock_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "time.time",
            "time.time_ns",
            "datetime.now",
            "datetime.utcnow",
            "datetime.datetime.now",
            "date.today",
        }:
            yield ast.unparse(node.func)
