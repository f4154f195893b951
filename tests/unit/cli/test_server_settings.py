"""The server that the options name: checked before anything is sent, and never quoted with its password."""

import argparse
from pathlib import Path

import pytest

from sluiceway.cli.command import Parser, add_server_options
from sluiceway.cli.exits import Exit, Failure
from sluiceway.cli.server import server_settings, shown_address


def options(redis: str, *others: str) -> argparse.Namespace:
    parser = Parser(prog="sluiceway")
    add_server_options(parser)
    return parser.parse_args(["--redis", redis, *others])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:secret@host:6380/2", "redis://host:6380/2"),
        ("rediss://:secret@[::1]:6380", "rediss://[::1]:6380"),
        ("redis://host?password=secret", "redis://host:6379"),
        ("redis+sentinel://user:secret@one:1,two:2/shop/3?db=secret", "redis+sentinel://one:1,two:2/shop/3"),
        ("redis+cluster://user:secret@one:1,two:2", "redis+cluster://one:1,two:2"),
        ("redis://:sec/ret@host:1/0", "the server"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "secret",
        "http://secret@host/0",
        "redis://:sec/ret@host:1/0",
        "redis://host:secret/0",
        "redis://host:99999/0",
        "redis://host/secret",
        "redis://host/0?secret=1",
        "redis://host/0?socket_timeout=secret",
    ],
)
def test_a_url_that_cannot_work_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Failure) as caught:
        server_settings(options(url))

    assert caught.value.exit_code is Exit.USAGE
    assert "--redis" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="missing: No such file"):
        server_settings(options("redis://host", "--password-file", str(tmp_path / "missing")))


def test_a_user_without_a_password_file_is_refused() -> None:
    with pytest.raises(Failure, match="--user needs --password-file"):
        server_settings(options("redis://host", "--user", "ada"))
