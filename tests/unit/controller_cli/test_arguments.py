"""The operator's command line itself: help, what is refused, and that a command loads nothing that it does not need."""

import subprocess
import sys

import pytest

from sluiceway_operator.cli import main
from sluiceway_operator.cli.main import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example_and_the_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"\n  sluiceway-operator {command}" in said
    assert "exit codes:\n    0  done" in said


def test_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    listed = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in listed] == []


@pytest.mark.parametrize(("arguments", "told"), [((), "COMMAND"), (("frobnicate",), "frobnicate"), (("lint",), "FILE")])
def test_wrong_arguments_are_refused_with_what_is_wrong(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_help_loads_neither_the_clients_of_servers_nor_the_models() -> None:
    program = (
        "import sys; from sluiceway_operator.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(' '.join({'pydantic', 'redis', 'kubernetes', 'aiohttp', 'kopf', 'yaml'} & sys.modules.keys()) or None)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
