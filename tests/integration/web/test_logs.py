"""Logs are JSON lines that name stream, group, entry and flow, and never a secret."""

import traceback
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from pydantic import SecretStr
from tests.support.consuming import dead_letters, one_server
from tests.support.eventually import eventually
from tests.support.numbered import Numbered, answers
from tests.support.processes import Program, Programs
from tests.support.servers import StartServer

from sluiceway import ConfigurationError, Publisher, RedisSettings, Service
from sluiceway.connection import Endpoint

Redis = redis.asyncio.Redis
ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "tests/support/programs/web_service.py"
SECRET = "s3cr3t-pa55"


def start(programs: Programs, url: str, grace_seconds: float = 5) -> Program:
    return programs.start(str(PROGRAM), url, str(grace_seconds), env={"PYTHONPATH": str(ROOT)})


def line(program: Program, event: str) -> dict[str, Any]:
    """The only line of that text."""
    found = [record for record in program.records if record.get("event") == event]
    assert len(found) == 1, program.output
    return found[0]


@one_server
async def test_every_line_is_json_and_names_what_it_is_about(start_server: StartServer, programs: Programs) -> None:
    server = start_server(append_only=False, password=SECRET)
    program = start(programs, server.url)
    async with Redis.from_url(server.url) as client, Publisher(server.url, "orders") as publisher:
        await program.line("Consumer is reading")
        good = await publisher.publish(Numbered(number=1), correlation_id="flow-1")
        bad = await publisher.publish(Numbered(number=13), correlation_id="flow-13")
        await eventually(lambda: dead_letters(server.url))
        await eventually(lambda: answers(client, "payments"))
        server.kill()
        await program.line("Server does not answer as it should")
        server.start()
        await program.line("Server answers again")
    program.interrupt()
    await program.exits(0)

    assert len(program.records) == len(program.lines), program.output
    for record in program.records:
        assert {"event", "level", "logger", "timestamp"} <= set(record)
    about = {"stream": "orders", "group": "payments"}
    failed = line(program, "Handler failed; the event will be tried again")
    assert (
        failed.items()
        >= {
            **about,
            "level": "warning",
            "consumer": "web",
            "entry_id": bad.entry_id,
            "event_id": bad.event_id,
            "correlation_id": "flow-13",
            "error": "ValueError: no 13",
        }.items()
    )
    given_up = line(program, "Handler failed; the event becomes a dead letter")
    assert given_up.items() >= {**about, "level": "error", "event_id": bad.event_id, "reason": "exhausted"}.items()
    for told in (failed, given_up):
        assert "in answer" in told["exception"]
        assert told["exception"].endswith("ValueError: no 13")
    buried = line(program, "Entry became a dead letter")
    assert buried.items() >= {**about, "entry_id": bad.entry_id, "correlation_id": "flow-13"}.items()
    (own,) = [record for record in program.records if record["event"] == "Answering" and record["number"] == 1]
    assert (
        own.items()
        >= {
            **about,
            "logger": "shop",
            "entry_id": good.entry_id,
            "event_id": good.event_id,
            "correlation_id": "flow-1",
        }.items()
    )
    assert line(program, "Server answers again").items() >= about.items()
    assert SECRET not in program.output


@one_server
async def test_a_wrong_password_is_reported_and_not_shown(start_server: StartServer, programs: Programs) -> None:
    server = start_server(append_only=False, password="the-right-one")
    program = start(programs, server.url.replace("the-right-one", SECRET))

    await program.line("password")

    program.interrupt()
    await program.exits(0, within_seconds=60)
    assert SECRET not in program.output


async def test_a_traceback_on_a_terminal_shows_no_local_variables(programs: Programs) -> None:
    program = programs.script(
        f"""
import structlog
from sluiceway.logs import configure_logs

configure_logs(form="text")

def log_in(password):
    raise ValueError("refused")

try:
    log_in({SECRET!r}.swapcase())
except ValueError:
    structlog.get_logger("shop").exception("No entry")
"""
    )

    await program.exits(0)

    assert "ValueError: refused" in program.output
    assert "in log_in" in program.output
    assert SECRET.swapcase() not in program.output


WRONG_URLS = [
    f"redis://:{SECRET}/more@host:6379/0",
    f"redis://:{SECRET}#more@host:6379/0",
    f"redis://user:{SECRET}@host:port/0",
    f"redis://user:{SECRET}@host:99999/0",
    f"redis://:{SECRET}@[::1/0",
    f"redis://:{SECRET}@host/0?socket_timeout=soon",
    f"redis://:{SECRET}@host/0?no_such_option=1",
    f"http://:{SECRET}@host/0",
    SECRET,
]


@pytest.mark.parametrize("url", WRONG_URLS, ids=range(len(WRONG_URLS)))
@pytest.mark.parametrize("make", [lambda url: Service("payments", url), lambda url: Publisher(url, "orders"), Endpoint])
def test_a_wrong_url_is_a_configuration_error_that_says_what_to_do_and_shows_no_secret(url: str, make: Any) -> None:
    with pytest.raises(ConfigurationError, match="redis://") as refused:
        make(url)

    assert "percent-encoded" in str(refused.value)
    # With whatever it was raised from; the lines of code between are the test's own.
    shown = [line for line in traceback.format_exception(refused.value) if not line.startswith("  File")]
    assert SECRET not in "".join(shown)


def test_settings_do_not_show_their_secrets() -> None:
    settings = RedisSettings(url=f"redis://:{SECRET}@host/0", password=SecretStr(SECRET))

    assert SECRET not in f"{settings!r} {settings!s}"
    assert settings.url == f"redis://:{SECRET}@host/0"


def test_wrong_settings_are_refused_without_being_shown() -> None:
    wrong: dict[str, Any] = {"pasword": SECRET}

    with pytest.raises(ValueError, match="pasword") as refused:
        RedisSettings(**wrong)

    assert SECRET not in str(refused.value)
