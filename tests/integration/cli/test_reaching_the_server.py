"""What a command says when it cannot do its work on the server."""

import re
import subprocess
from pathlib import Path

import pytest
import redis.asyncio
from tests.support.acl import create_user
from tests.support.cli import COMMAND, environment, sluiceway
from tests.support.entries import append_all
from tests.support.repository import ROOT
from tests.support.servers import StartServer

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port
from sluiceway.keys import GroupKeys

COMMANDS = [
    ("groups",),
    ("publish", "orders", "ORDER"),
    ("dlq", "list", "orders", "payments"),
    ("dlq", "replay", "orders", "payments", "--all"),
    ("trace", "c-1"),
]
GUIDE = (ROOT / "docs/guide/cli.md").read_text()
VIEWER = tuple(re.findall(r"^\+scan .*$", GUIDE, re.MULTILINE)[0].split())
"""The rights of somebody who only looks, as the guide gives them."""


def rights_to(command: str) -> tuple[str, ...]:
    """What the guide adds to these for a command."""
    (row,) = re.findall(rf"^\| `{command}` \| `(.*)` \|$", GUIDE, re.MULTILINE)
    return tuple(row.split())


@pytest.mark.parametrize(
    "arguments", COMMANDS, ids=lambda arguments: arguments[0] + arguments[1] if arguments[1:] else arguments[0]
)
def test_a_server_that_is_not_there_ends_a_command_with_3_and_its_password_untold(arguments: tuple[str, ...]) -> None:
    url = f"redis://ada:hunter2@127.0.0.1:{free_port()}/0"

    ended = sluiceway(url, *arguments)

    ended.failed(3, "cannot")
    assert "hunter2" not in ended.out + ended.err


def test_a_wrong_password_is_told_and_not_printed(start_server: StartServer) -> None:
    server = start_server(password="right-one")
    wrong = server.url.replace("right-one", "hunter2")

    for arguments in (("groups",), ("publish", "orders", "ORDER"), ("trace", "c-1")):
        ended = sluiceway(wrong, *arguments)
        ended.failed(2, "refuses the user or the password")
        assert "hunter2" not in ended.out + ended.err
    sluiceway(wrong.replace(":hunter2@", ""), "groups").failed(2, "refuses the user or the password")


def test_a_password_may_come_from_a_file(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(password="right-one")
    (tmp_path / "secret").write_text("right-one\n")
    without = server.url.replace(":right-one@", "")

    assert sluiceway(without, "groups", "--password-file", str(tmp_path / "secret")).code == 0


async def test_looking_needs_only_the_rights_that_the_guide_lists(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    receipt = sluiceway(server.url, "publish", "orders", "ORDER", "--json").document
    await client.xreadgroup("payments", "pod-1", {"orders": ">"})
    viewer = create_user(server, "~orders", "~{orders}*", *VIEWER)

    assert sluiceway(viewer, "groups").rows[0][:4] == ["orders", "payments", "0", "1"]
    assert sluiceway(viewer, "dlq", "list", "orders", "payments").code == 0
    assert "pending with pod-1" in sluiceway(viewer, "trace", receipt["correlation_id"]).out
    sluiceway(viewer, "publish", "orders", "ORDER").failed(1, "permission")


async def test_changing_needs_only_the_rights_that_the_guide_adds(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    letter = {"deadLetter": '{"entryId": "1-0"}', "type": "ORDER"}
    first, second, _ = await append_all(client, GroupKeys("orders", "payments").dead, [letter] * 3)
    keys = ("~orders", "~{orders}*", *VIEWER)

    publisher = create_user(server, "~orders", *rights_to("publish"))
    replayer = create_user(server, *keys, *rights_to("dlq replay"))
    purger = create_user(server, *keys, *rights_to("dlq purge"))

    assert sluiceway(publisher, "publish", "orders", "ORDER").code == 0
    assert first in sluiceway(replayer, "dlq", "replay", "orders", "payments", first).out
    assert sluiceway(purger, "dlq", "purge", "orders", "payments", second, "--yes").out == "purged 1\n"
    assert sluiceway(purger, "dlq", "purge", "orders", "payments", "--all", "--yes").out == "purged 1\n"


async def test_a_missing_right_is_named(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    user = create_user(server, "~*", "+scan", "+time")

    sluiceway(user, "groups", "orders").failed(1, "+xinfo|groups")


async def test_streams_that_a_user_may_not_look_at_are_left_out_and_counted(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    for stream in ("mine.orders", "theirs.orders"):
        await client.xgroup_create(stream, "payments", "0", mkstream=True)
    user = create_user(server, "~mine.*", "~{mine.*", *VIEWER)

    ended = sluiceway(user, "groups")

    assert [row[0] for row in ended.rows] == ["mine.orders"]
    assert "1 streams are left out" in ended.err


def test_a_reader_that_goes_away_early_is_not_an_error(server: EmbeddedServer) -> None:
    sluiceway(server.url, "publish", "orders", "ORDER")
    with subprocess.Popen(
        [*COMMAND, "groups", "--watch", "0.05"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(server.url), text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (141, "")
