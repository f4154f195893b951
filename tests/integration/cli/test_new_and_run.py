"""A generated service: it tests itself, and `sluiceway run` serves it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis.asyncio
from tests.support.cli import environment, sluiceway
from tests.support.entries import entries
from tests.support.eventually import eventually
from tests.support.http import get
from tests.support.processes import Program, Programs

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A generated service."""
    made = sluiceway("redis://127.0.0.1:1/0", "new", "help-desk", "--path", str(tmp_path / "desk"), "--json").document
    assert (made["name"], made["path"]) == ("help-desk", str(tmp_path / "desk"))
    assert all((tmp_path / "desk" / name).is_file() for name in made["files"])
    return tmp_path / "desk"


def test_a_generated_service_passes_its_own_tests(desk: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=desk, env={**os.environ, "PYTHONPATH": "src"}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


@pytest.mark.parametrize("start", [("-m", "help_desk"), ("-m", "sluiceway", "run", "help_desk.service:create_app")])
async def test_a_generated_service_runs_handles_events_and_ends_well(
    start: tuple[str, ...], desk: Path, server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs
) -> None:
    port = free_port()
    options = ("--port", str(port)) if "run" in start else ()
    env = environment(server.url, {"PYTHONPATH": str(desk / "src"), "PORT": str(port)})
    program = programs.start(*start, *options, env=env)
    await ready(program, port)

    sluiceway(server.url, "publish", "help_desk.requests", "GREETING_REQUESTED", '{"name": "Ada"}')
    await eventually(lambda: client.xlen("help_desk.greetings"), what="the answer")

    [(_, fields)] = await entries(client, "help_desk.greetings")
    assert json.loads(fields[b"payload"]) == {"text": "Hello, Ada!"}
    assert get(port, "/metrics")[1].startswith("# HELP")
    program.terminate()
    await program.exits(0)
    assert "Traceback" not in program.output


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()

    sluiceway("", "new", "desk", cwd=tmp_path).failed(1, "desk exists already")
    assert list((tmp_path / "desk").iterdir()) == []


def test_a_name_that_would_hide_an_installed_package_is_refused(tmp_path: Path) -> None:
    sluiceway("", "new", "json", cwd=tmp_path).failed(1, "'json' is an installed package")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    sluiceway("", "new", "desk", "--path", "file/desk", cwd=tmp_path).failed(1, "Not a directory")


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("def create_app(settings): ...\nanswer = 42\n")

    sluiceway("", "run", "nowhere:service", cwd=tmp_path).failed(2, "there is no module 'nowhere'")
    sluiceway("", "run", "shop:answer", cwd=tmp_path).failed(2, "shop:answer is a int")
    sluiceway("", "run", "shop:create_app", cwd=tmp_path).failed(2, "without arguments")


def test_a_port_that_is_taken_is_told(desk: Path, server: EmbeddedServer) -> None:
    taken = ("run", "help_desk:create_app", "--port", str(server.port))

    sluiceway(server.url, *taken, cwd=desk / "src").failed(1, f"cannot listen on 127.0.0.1:{server.port}")


async def ready(program: Program, port: int) -> None:
    """Wait until a service answers that it is ready."""
    await eventually(
        lambda: program.running and get(port, "/readyz")[0] == 200,
        within_seconds=60,
        what="a service that is ready",
        ignoring=(OSError,),
    )
