"""The demo's processes, with toy programs in the services' place."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from tests.support.eventually import eventually
from tests.support.processes import gone

from shop_demo.child import Spec
from shop_demo.exits import DemoError, Exit
from shop_demo.supervisor import Supervisor
from sluiceway.embedded.ports import free_port

FOREVER = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
SERVER = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


@pytest_asyncio.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    async with aiohttp.ClientSession() as http:
        supervisor = Supervisor(http, ready_seconds=20, grace_seconds=1)
        yield supervisor
        await supervisor.stop_all()


class Toys:
    """Makes specs of toy programs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spec(self, name: str, source: str, *arguments: str, ready_url: str | None = None) -> Spec:
        return Spec(
            name=name,
            service=name.partition("-")[0],
            command=(sys.executable, "-c", source, *arguments),
            environment=os.environ,
            log=self._folder / f"{name}.log",
            ready_url=ready_url,
        )


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    return Toys(tmp_path)


async def test_processes_are_ready_when_start_returns(supervisor: Supervisor, toys: Toys) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/readyz"

    await supervisor.start([toys.spec("shop-1", SERVER, str(port), ready_url=url), toys.spec("shop-2", FOREVER)])

    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.status == 200
    assert [child.spec.name for child in supervisor.running("shop")] == ["shop-1", "shop-2"]


async def test_a_process_that_ends_while_starting_fails_the_start_with_its_last_words(
    supervisor: Supervisor, toys: Toys
) -> None:
    spec = toys.spec("shop", "print('no such port'); raise SystemExit(2)", ready_url="http://127.0.0.1:1/readyz")

    with pytest.raises(DemoError, match=r"shop ended while starting \(exit code 2\)(.|\n)*no such port") as failure:
        await supervisor.start([spec])

    assert failure.value.exit_code is Exit.NOT_STARTED


async def test_a_process_that_is_never_ready_fails_the_start(toys: Toys) -> None:
    async with aiohttp.ClientSession() as http:
        impatient = Supervisor(http, ready_seconds=0.2, grace_seconds=1)
        try:
            with pytest.raises(DemoError, match="shop was not ready after"):
                await impatient.start([toys.spec("shop", FOREVER, ready_url="http://127.0.0.1:1/readyz")])
        finally:
            await impatient.stop_all()


async def test_a_program_that_is_not_there_fails_the_start(supervisor: Supervisor, tmp_path: Path) -> None:
    spec = Spec("shop", "shop", (str(tmp_path / "absent"),), os.environ, tmp_path / "shop.log")

    with pytest.raises(DemoError, match="shop cannot be started"):
        await supervisor.start([spec])


async def test_a_process_that_ends_by_itself_is_reported(supervisor: Supervisor, toys: Toys) -> None:
    await supervisor.start([toys.spec("shop", "print('out of memory', flush=True); input()")])

    death = await asyncio.wait_for(supervisor.died(), 20)

    assert death.exit_code is Exit.DIED
    assert "shop ended by itself (exit code 1)" in str(death)
    assert "out of memory" in str(death)


async def test_a_killed_process_comes_back_as_a_new_one_and_is_no_death(supervisor: Supervisor, toys: Toys) -> None:
    await supervisor.start([toys.spec("shop", FOREVER)])
    (child,) = supervisor.running("shop")

    await child.kill()
    state_after_kill = supervisor.states()[0].state
    await supervisor.restart("shop")

    assert state_after_kill == "killed"
    (again,) = supervisor.running("shop")
    assert again.pid != child.pid
    assert supervisor.states()[0].restarts == 1


async def test_restarting_a_process_that_runs_changes_nothing(supervisor: Supervisor, toys: Toys) -> None:
    await supervisor.start([toys.spec("shop", FOREVER)])
    (child,) = supervisor.running("shop")

    await supervisor.restart("shop")

    assert [other.pid for other in supervisor.running("shop")] == [child.pid]


async def test_stopping_a_service_leaves_the_others(supervisor: Supervisor, toys: Toys) -> None:
    await supervisor.start([toys.spec(name, FOREVER) for name in ("payments-1", "payments-2", "orders")])

    stopped = await supervisor.stop_service("payments")

    assert stopped == ["payments-1", "payments-2"]
    assert supervisor.running("payments") == []
    assert len(supervisor.running("orders")) == 1


async def test_stopping_all_kills_what_does_not_listen_and_names_it(
    supervisor: Supervisor, toys: Toys, tmp_path: Path
) -> None:
    await supervisor.start([toys.spec("deaf", DEAF), toys.spec("shop", FOREVER)])
    await eventually((tmp_path / "deaf.log").read_text, what="the deaf program's word that it is deaf")
    pids = [child.pid for name in ("deaf", "shop") for child in supervisor.running(name)]

    forced = await supervisor.stop_all()

    assert forced == ["deaf"]
    for pid in pids:
        gone(pid)


async def test_a_paused_process_can_be_stopped(supervisor: Supervisor, toys: Toys) -> None:
    await supervisor.start([toys.spec("shop", FOREVER)])
    (child,) = supervisor.running("shop")
    child.send(signal.SIGSTOP)

    forced = await supervisor.stop_all()

    assert forced == []
    gone(child.pid)
