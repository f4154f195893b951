"""What `sluiceway` shows, and what it loads for that."""

import json
import subprocess
import sys

import pytest

import sluiceway

HEAVY = ("aiohttp", "hiredis", "opentelemetry", "prometheus_client", "pydantic", "redis", "rich", "structlog", "uvloop")


def loaded_by(*arguments: str) -> set[str]:
    """Run Python and return which of the heavy packages it has loaded at its end."""
    report = f"import atexit, json, sys; atexit.register(lambda: sys.stderr.write(json.dumps([m for m in {HEAVY!r} if m in sys.modules])))"
    ended = subprocess.run(
        [sys.executable, "-c", f"{report}\n{arguments[0]}", *arguments[1:]], capture_output=True, text=True, check=True
    )
    return set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize("name", sluiceway.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(sluiceway, name).__name__ == name


def test_a_name_that_is_not_there_is_an_error_at_run_time_and_for_a_type_checker() -> None:
    with pytest.raises(AttributeError, match="'Broker'"):
        _ = sluiceway.Broker  # type: ignore[attr-defined]


def test_all_public_names_are_offered_before_any_is_used() -> None:
    offered = subprocess.run(
        [sys.executable, "-c", "import sluiceway; print(*dir(sluiceway))"], capture_output=True, text=True, check=True
    ).stdout.split()

    assert set(sluiceway.__all__) <= set(offered)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("new", "--help"), ("probe", "--help")])
def test_a_command_that_asks_no_server_loads_nothing_for_it(arguments: tuple[str, ...]) -> None:
    assert loaded_by("import sys; from sluiceway.cli import main; sys.exit(main())", *arguments) == set()


def test_commands_that_ask_a_server_load_no_web_server() -> None:
    loaded = loaded_by("import sys; from sluiceway.cli import main; sys.exit(main())", "groups", "--help")

    assert loaded.isdisjoint({"aiohttp", "prometheus_client", "structlog"})


def test_declaring_events_loads_no_client() -> None:
    assert loaded_by("from sluiceway import Event, Retry, Reject") == {"pydantic"}
