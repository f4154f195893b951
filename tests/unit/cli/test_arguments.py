"""The command line itself: help, and what is refused before any server is asked."""

import sys

import pytest

from sluiceway.cli import main
from sluiceway.cli.main import COMMANDS


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused as wrong usage; return what it said."""
    with pytest.raises(SystemExit) as ended:  # argparse ends the process itself, for anything else the caller does
        sys.exit(main(arguments))
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example_and_the_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"\n  sluiceway {command}" in said
    assert "exit codes:\n    0  done" in said


def test_the_commands_are_listed_where_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "COMMAND" in refused(capsys)
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in listed] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("frobnicate",), "frobnicate"),
        (("groups", "--watch", "never"), "'never' is not a duration"),
        (("groups", "--redi", "redis://h"), "--redi"),
        (("groups", "--redis", ""), "must not be empty"),
        (("groups", ""), "must not be empty"),
        (("publish", "orders"), "TYPE"),
        (("publish", "orders", "ORDER_CREATED", "{}", "--version", "0"), "the least is 1"),
        (("publish", "orders", "ORDER_CREATED", "{}", "--version", "x"), "'x' is not a whole number"),
        (("publish", "orders", "ORDER_CREATED", "{}", "--event-id", ""), "must not be empty"),
        (("publish", "orders", "ORDER_CREATED", "{}", "--model", "nope"), "write module:name"),
        (("publish", "orders", "ORDER_CREATED", "\udcff"), "not UTF-8"),
        (("dlq", "orders"), "'orders'"),
        (("dlq", "show", "orders", "payments", "seven"), "'seven' is not an entry ID"),
        (("dlq", "replay", "orders", "payments"), "say --all"),
        (("dlq", "replay", "orders", "payments", "1-0", "--all"), "say --all"),
        (("dlq", "purge", "orders", "payments"), "say --all"),
        (("trace", ""), "must not be empty"),
        (("trace", "x", "--since", "0"), "out of range"),
        (("trace", "x", "--streams", ","), "at least one stream"),
        (("trace", "x", "--limit", "-1"), "the least is 1"),
        (("run", "m:service", "--port", "99999"), "'99999' is not a port"),
        (("new", "9lives"), "NAME '9lives'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_with_what_is_wrong(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, *arguments)

    assert told in said
    assert "Traceback" not in said
