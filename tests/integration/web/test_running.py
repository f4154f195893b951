"""A process under `run` ends with exit code 0 on SIGTERM and leaves nothing half done."""

import signal
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.numbered import Numbered, answers
from tests.support.processes import Program, Programs
from tests.support.proxy import FaultProxy

from sluiceway import Publisher
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis
ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "tests/support/programs/web_service.py"
pytestmark = one_server


def start(programs: Programs, url: str, grace_seconds: float = 5) -> Program:
    return programs.start(str(PROGRAM), url, str(grace_seconds), env={"PYTHONPATH": str(ROOT)})


async def owners(client: Redis) -> dict[str, int]:
    """Consumers of the group and how many entries each of them owns."""
    consumers: Any = await client.xinfo_consumers("orders", "payments")
    return {consumer["name"].decode(): consumer["pending"] for consumer in consumers}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_service_ends_with_0(
    server: EmbeddedServer, client: Redis, programs: Programs, stop: signal.Signals
) -> None:
    program = start(programs, server.url)
    async with Publisher(server.url, "orders") as publisher:
        await publisher.publish(Numbered(number=1))
        await eventually(lambda: answers(client, "payments"), within_seconds=60)

    program.terminate() if stop is signal.SIGTERM else program.interrupt()

    await program.exits(0)
    assert await owners(client) == {}
    assert "Traceback" not in program.output


async def test_what_runs_is_finished_first(server: EmbeddedServer, client: Redis, programs: Programs) -> None:
    program = start(programs, server.url)
    async with Publisher(server.url, "orders") as publisher:
        await publisher.publish_many([Numbered(number=number) for number in range(100, 200)])
    await program.line("Answering")

    program.terminate()

    await program.exits(0)
    finished = await answers(client, "payments")
    pending: Any = await client.xpending("orders", "payments")
    (group,) = await client.xinfo_groups("orders")
    assert len(finished) >= 1
    assert len(finished) + pending["pending"] + group["lag"] == 100
    assert set(await owners(client)) <= {"~released"}


async def test_what_does_not_end_in_time_is_handed_back(
    server: EmbeddedServer, client: Redis, programs: Programs
) -> None:
    program = start(programs, server.url, grace_seconds=0.3)
    async with Publisher(server.url, "orders") as publisher:
        await publisher.publish(Numbered(number=200))
    await program.line("Answering")

    program.terminate()

    await program.exits(0)
    assert await owners(client) == {"~released": 1}
    assert "cancelled" in program.output


@pytest.mark.parametrize("fault", [FaultProxy.refuse, FaultProxy.blackhole])
async def test_a_service_without_its_server_still_ends_with_0(
    proxy: FaultProxy, programs: Programs, fault: Any
) -> None:
    fault(proxy)
    program = start(programs, proxy.url)
    await program.line("Server does not answer as it should")

    program.terminate()

    # A pod has 30 s by default.
    await program.exits(0, within_seconds=60)
