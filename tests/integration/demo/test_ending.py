"""The demo ends cleanly however it is ended: by its user, by a signal, by a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from tests.support.demo import processes_in, run_demo, service_process
from tests.support.eventually import eventually
from tests.support.processes import Programs

from shop_demo.exits import Exit
from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

RUNNING = r"accepted [1-9]"
SMALL = ("--payments", "1", "--rate", "50")


@pytest.fixture
def their_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server of the user's, of whatever kind: what is tested here is the demo's side."""
    with EmbeddedServer(tmp_path_factory.mktemp("theirs")) as server:
        yield server


def folder_is_clean(folder: Path) -> bool:
    return not (folder / ".sluiceway").exists() and processes_in(folder) == []


async def test_ctrl_c_ends_an_endless_run_with_its_account(programs: Programs, tmp_path: Path) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL)
    await demo.line(RUNNING)

    demo.interrupt()

    await demo.exits(Exit.PROVEN)
    assert demo.find("no more orders; what was accepted is settled first")
    assert demo.find("PROVEN: every accepted order")
    assert folder_is_clean(tmp_path)


async def test_ctrl_c_cuts_a_run_of_a_given_length_short(programs: Programs, tmp_path: Path) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL, "--orders", "100000", "--json")
    await demo.line(RUNNING)

    demo.interrupt()

    await demo.exits(Exit.INTERRUPTED)
    assert demo.records[-1] == {"error": "interrupted", "exit_code": 130}
    assert folder_is_clean(tmp_path)


async def test_sigterm_ends_it_at_once_even_while_it_starts(programs: Programs, tmp_path: Path) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL)
    await demo.line("starting 3 services")

    demo.terminate()

    await demo.exits(Exit.INTERRUPTED)
    assert folder_is_clean(tmp_path)


async def test_a_killed_demo_takes_its_processes_along_and_the_next_one_removes_its_folder(
    programs: Programs, tmp_path: Path
) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL)
    await demo.line(RUNNING)

    demo.kill()

    await eventually(lambda: processes_in(tmp_path) == [], what="the end of all that the killed demo had started")
    left_behind = list((tmp_path / ".sluiceway").glob("demo-*"))
    finished = await run_demo(*SMALL, "--orders", "5", "--json", folder=tmp_path)
    assert len(left_behind) == 1
    assert finished.code == Exit.PROVEN, finished
    assert not left_behind[0].exists()


async def test_interrupting_it_removes_the_keys_from_the_users_server(
    their_server: EmbeddedServer, programs: Programs
) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL, "--orders", "100000", "--redis-url", their_server.url)
    await demo.line(RUNNING)

    demo.interrupt()

    await demo.exits(Exit.INTERRUPTED)
    with redis.Redis.from_url(their_server.url) as client:
        assert client.keys() == []


async def test_a_service_that_dies_ends_the_run_with_its_last_words(programs: Programs, tmp_path: Path) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL)
    await demo.line(RUNNING)

    service_process(tmp_path, "payments").kill()

    await demo.exits(Exit.DIED)
    assert demo.find(r"error: payments-\w{5} ended by itself \(signal SIGKILL\)")
    assert folder_is_clean(tmp_path)


async def test_a_users_server_that_goes_away_ends_the_run_and_the_keys_that_may_be_left_are_named(
    their_server: EmbeddedServer, programs: Programs, tmp_path: Path
) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL, "--redis-url", their_server.url)
    await demo.line(RUNNING)

    their_server.kill()

    await demo.exits(Exit.DIED, within_seconds=40)
    assert demo.find(r"error: the event store was lost")
    assert demo.find(r"the keys under sluiceway-demo-\w+: could not be removed")
    assert folder_is_clean(tmp_path)


async def test_an_operator_that_dies_ends_the_run_and_its_processes(programs: Programs, tmp_path: Path) -> None:
    demo = programs.start("-m", "shop_demo", *SMALL)
    await demo.line(RUNNING)

    next(each for each in processes_in(tmp_path) if {"sluiceway_operator", "local"} <= set(each.cmdline())).kill()

    await demo.exits(Exit.DIED)
    assert demo.find(r"error: payments-operator ended by itself \(signal SIGKILL\)")
    await eventually(lambda: folder_is_clean(tmp_path), what="the end of the processes that the operator kept")


async def test_a_service_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    asked = [*SMALL, "--no-autoscale", "--json"]

    finished = await run_demo(*asked, folder=tmp_path, env={"PAYMENTS_MAX_CALLS": "0"})

    assert finished.code == Exit.NOT_STARTED, finished
    assert "payments-1 ended while starting (exit code 2)" in finished.err
    assert "PAYMENTS_MAX_CALLS" in finished.err
    assert folder_is_clean(tmp_path)


async def test_a_process_that_the_operator_cannot_keep_running_is_named_with_its_last_words(tmp_path: Path) -> None:
    finished = await run_demo(*SMALL, "--json", folder=tmp_path, env={"PAYMENTS_MAX_CALLS": "0"})

    assert finished.code == Exit.DIED, finished
    assert re.search(r"payments-\w{5} ended by itself \(exit code 2\)", finished.err)
    assert "PAYMENTS_MAX_CALLS" in finished.err
    assert folder_is_clean(tmp_path)


async def test_a_server_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    port = free_port()

    finished = await run_demo("--redis-url", f"redis://someone:secret@127.0.0.1:{port}/0", folder=tmp_path)

    assert finished.code == Exit.NOT_STARTED, finished
    assert f"--redis-url redis://127.0.0.1:{port}/0: the server cannot be used" in finished.err
    assert "secret" not in finished.out + finished.err
    assert folder_is_clean(tmp_path)


async def test_a_taken_port_is_named(their_server: EmbeddedServer, tmp_path: Path) -> None:
    finished = await run_demo("--port", str(their_server.port), folder=tmp_path)

    assert finished.code == Exit.NOT_STARTED, finished
    assert f"--port {their_server.port}: Address already in use" in finished.err
    assert folder_is_clean(tmp_path)


async def test_a_wrong_argument_is_an_error_of_usage(tmp_path: Path) -> None:
    finished = await run_demo("--rate", "0", folder=tmp_path)

    assert finished.code == Exit.USAGE


async def test_a_nonsensical_url_is_no_traceback(tmp_path: Path) -> None:
    finished = await run_demo("--redis-url", "redis://127.0.0.1:notaport/0", folder=tmp_path)

    assert finished.code == Exit.NOT_STARTED, finished
    assert "error: --redis-url" in finished.err
    assert "Traceback" not in finished.err
