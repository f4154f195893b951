"""`sluiceway-operator local`: real consumers of a real server, as many as their backlog asks for."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs, gone
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer

CONSUMER = ROOT / "tests/support/programs/slow_consumer.py"
MANIFEST = """\
apiVersion: sluiceway.dev/v1alpha1
kind: StreamConsumer
metadata: {{name: payments}}
spec:
  redis: {{url: "redis://nowhere-on-this-machine:6379", credentialsSecretRef: {{name: not-here}}}}
  stream: orders
  group: {{name: payments}}
  scaleTargetRef: {{name: payments}}
  scaling:
    maxReplicas: {most}
    initialCapacityPerReplica: 10
    target: {{drainSeconds: 1}}
    scaleDown: {{stabilizationSeconds: 0, idleSeconds: 1}}
"""


class Local:
    """A local operator with one resource, as a person has it in front of them."""

    def __init__(self, programs: Programs, server: EmbeddedServer, folder: Path) -> None:
        self._programs = programs
        self._server = server
        self._manifest = folder / "payments.yaml"
        self.folder = folder / "state"
        self._logs = folder / "logs"
        self._started: list[Program] = []
        self.gate = folder / "gate"
        self.write(3)

    def write(self, most: int) -> None:
        """Write the manifest."""
        self._manifest.write_text(MANIFEST.format(most=most))

    def start(self, *arguments: str) -> Program:
        """Start the operator."""
        operator = self._programs.start(
            *("-m", "sluiceway_operator", "local", str(self._manifest), *arguments),
            *("--program", f"payments={sys.executable} {CONSUMER} {self._server.url} {self.gate}"),
            *("--state", str(self.folder), "--logs", str(self._logs), "--grace", "5"),
            env={"SLUICEWAY_REDIS_URL": self._server.url},
        )
        self._started.append(operator)
        return operator

    def clear_away(self) -> None:
        """Kill the operator, and wait until its replicas have ended with it."""
        pids = self.pids
        for operator in self._started:
            operator.kill()
        for pid in pids:
            gone(pid)

    @property
    def state(self) -> dict[str, Any]:
        """What the operator tells of the resource."""
        state: dict[str, Any] = json.loads((self.folder / "default.payments.json").read_text())
        return state

    @property
    def pids(self) -> list[int]:
        """The processes of all replicas."""
        try:
            return [each["pid"] for each in self.state["replicas"] if each["pid"] is not None]
        except FileNotFoundError:
            return []

    async def has(self, count: int) -> None:
        """Wait until so many replicas run."""
        await eventually(lambda: len(self.pids) == count, within_seconds=30, what=f"{count} replicas")


@pytest.fixture
def local(programs: Programs, server: EmbeddedServer, tmp_path: Path) -> Iterator[Local]:
    local = Local(programs, server, tmp_path)
    yield local
    local.clear_away()


@pytest_asyncio.fixture
async def redis(server: EmbeddedServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(server.url) as client:
        yield client


async def add(redis: Redis, count: int) -> None:
    """Publish in one transaction: a look that falls between two events would ask for fewer replicas first."""
    async with redis.pipeline(transaction=True) as pipeline:
        for number in range(count):
            _ = pipeline.xadd("orders", {"number": number})
        await pipeline.execute()


async def pending(redis: Redis) -> int:
    (group,) = await redis.xinfo_groups("orders")
    return int(group["pending"])


async def test_replicas_come_with_the_backlog_and_go_when_there_is_no_work_down_to_none(
    local: Local, redis: Redis
) -> None:
    operator = local.start()
    await operator.line("GroupCreated")

    await add(redis, 100)
    await local.has(3)
    local.gate.touch()
    await local.has(0)

    (group,) = await redis.xinfo_groups("orders")
    assert (group["lag"], group["pending"]) == (0, 0)
    assert await redis.xlen("done") == 100
    scaled = [each["message"] for each in local.state["events"] if each["reason"] == "Scaled"]
    assert scaled[0].startswith("0 -> 3 replicas of Deployment default/payments")
    assert "-> 0 replicas of Deployment default/payments" in scaled[-1]


async def test_the_state_is_the_resource_as_a_cluster_would_show_it(local: Local, redis: Redis) -> None:
    operator = local.start()
    await operator.line("GroupCreated")
    await add(redis, 5)
    await local.has(1)

    def is_settled() -> bool:
        replicas = local.state["object"]["status"]["replicas"]
        return bool(replicas["current"] == replicas["desired"] == len(local.pids))

    await eventually(is_settled)
    shown = local.state["object"]
    assert (shown["kind"], shown["metadata"]["name"], shown["metadata"]["generation"]) == (
        "StreamConsumer",
        "payments",
        1,
    )
    assert shown["spec"]["scaling"]["maxReplicas"] == 3
    conditions = {each["type"]: each["status"] for each in shown["status"]["conditions"]}
    assert conditions["Ready"] == "True"


async def test_explain_reads_the_state(local: Local, programs: Programs, redis: Redis) -> None:
    operator = local.start()
    await operator.line("GroupCreated")
    await add(redis, 100)
    await local.has(3)

    explained = programs.start("-m", "sluiceway_operator", "explain", "payments", "--state", str(local.folder))

    await explained.exits(0)
    assert explained.find("default/payments: group payments of stream orders, run by Deployment payments")
    assert explained.find("0 -> 3 replicas of Deployment default/payments")


async def test_the_consumer_of_a_replica_has_its_name(local: Local, redis: Redis) -> None:
    local.start()
    await add(redis, 5)
    await local.has(1)

    async def has_read() -> bool:
        return [each["name"].decode() for each in await redis.xinfo_consumers("orders", "payments")] == [
            each["name"] for each in local.state["replicas"]
        ]

    await eventually(has_read, ignoring=(Exception,))


async def test_a_file_that_changes_is_obeyed_and_one_that_is_wrong_is_not(local: Local, redis: Redis) -> None:
    operator = local.start()
    await add(redis, 100)
    await local.has(3)

    local.write(0)
    await operator.line("maxReplicas.*File is wrong|File is wrong.*maxReplicas")
    local.write(4)

    await local.has(4)


async def test_a_killed_replica_comes_back_and_its_work_is_done(local: Local, redis: Redis) -> None:
    operator = local.start()
    await add(redis, 5)
    await local.has(1)
    (pid,) = local.pids

    async def holds() -> bool:
        return await pending(redis) > 0

    await eventually(holds, ignoring=(Exception,))
    os.kill(pid, signal.SIGKILL)

    await operator.line("ended by itself")
    await eventually(lambda: local.pids not in ([], [pid]))
    assert local.state["replicas"][0]["lastEnd"] == "signal SIGKILL"
    local.gate.touch()
    await local.has(0)
    assert await redis.xlen("done") == 5


@pytest.mark.parametrize("end", ["interrupt", "terminate", "kill"])
async def test_however_it_ends_its_replicas_end(local: Local, redis: Redis, end: str) -> None:
    operator = local.start()
    await add(redis, 100)
    await local.has(3)
    pids = local.pids

    getattr(operator, end)()

    if end != "kill":
        await operator.exits(0)
    for pid in pids:
        gone(pid)
