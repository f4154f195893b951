"""What a command says when it cannot do its work on the server."""

import subprocess
from pathlib import Path

import pytest
import redis.asyncio
from tests.support.acl import create_user, documented_rules
from tests.support.cli import COMMAND, environment, sluiceway
from tests.support.servers import StartServer

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

COMMANDS = [
    ("groups",),
    ("publish", "orders", "ORDER"),
    ("dlq", "list", "orders", "payments"),
    ("dlq", "replay", "orders", "payments", "--all"),
    ("trace", "c-1"),
]


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


async def test_a_missing_right_is_named(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    user = create_user(server, "~*", "+scan", "+time")

    sluiceway(user, "groups", "orders").failed(1, "+xinfo|groups")


async def test_streams_that_a_user_may_not_look_at_are_left_out_and_counted(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    for stream in ("mine.orders", "theirs.orders"):
        await client.xgroup_create(stream, "payments", "0", mkstream=True)
    user = create_user(server, "~mine.*", "~{mine.*", *documented_rules("Somebody who looks"))

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
