"""A Redis server stands still, dies, comes back empty or fails over: replicas are held meanwhile, that is told once, and nothing needs a restart."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed
from tests.support.http import get
from tests.support.operated import Stage
from tests.support.sentinels import Watched

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

pytestmark = [one_server, pytest.mark.timeout(240, func_only=True)]

SECONDS = 90.0
SCALING = {"target": {"backlogPerReplica": 100}, "scaleDown": {"stabilizationSeconds": 0, "idleSeconds": 1}}
LOOKS = 6
"""So many looks get no answer: on a server that stands still 2 s each, so longer than any time-out of the operator (10 s)."""


def stop(server: EmbeddedServer) -> None:
    """Alive, connected, and not answering."""
    os.kill(server.pid, signal.SIGSTOP)


def go_on(server: EmbeddedServer) -> None:
    os.kill(server.pid, signal.SIGCONT)


def kill(server: EmbeddedServer) -> None:
    server.kill()


def start(server: EmbeddedServer) -> None:
    """At the same port, with the same data."""
    server.start()


def failed_looks(port: int, server: EmbeddedServer) -> int:
    """How many looks a server did not answer, as the operator counts them."""
    named = f"127.0.0.1:{server.port}"
    lines = get(port, "/metrics")[1].splitlines()
    told = [line for line in lines if line.startswith("sluiceway_redis_sweep_errors_total{") and named in line]
    return int(float(told[0].split()[-1])) if told else 0


def condition(stage: Stage, name: str, kind: str) -> dict[str, Any]:
    (found,) = [each for each in stage.status(name)["conditions"] if each["type"] == kind]
    return dict(found)


def news(stage: Stage, name: str) -> dict[str, int]:
    """How many Events told of a backlog that was not known, and that was known again."""
    listing = json.loads(stage.kubectl("get", "events", "--output", "json"))
    reasons = [each["reason"] for each in listing["items"] if each["involvedObject"]["name"] == name]
    return {reason: reasons.count(reason) for reason in ("ServerUnreachable", "BacklogKnown")}


@pytest.mark.parametrize(("fail", "mend"), [(stop, go_on), (kill, start)], ids=["stands still", "dies"])
async def test_while_a_server_is_down_its_replicas_are_held_and_others_are_scaled(
    stage: Stage,
    client: redis.asyncio.Redis,
    own_server: EmbeddedServer,
    fail: Callable[[EmbeddedServer], None],
    mend: Callable[[EmbeddedServer], None],
) -> None:
    for name, url in (("payments", own_server.url), ("reports", stage.redis_url)):
        stage.deploy(name)
        stage.consume(name, redis={"url": url}, scaling=SCALING, trim={"policy": "Acknowledged"})
    port = free_port()
    operator = stage.operator(port=port)
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    async with redis.asyncio.Redis.from_url(own_server.url) as own:
        await Observed(own, "orders", "payments").add(300)
    await eventually(lambda: stage.replicas("payments") == 3, within_seconds=SECONDS)
    await eventually(lambda: stage.status("payments")["backlog"]["lag"] == 300, within_seconds=SECONDS)
    written = stage.writes("payments")

    fail(own_server)
    await eventually(lambda: stage.reason("payments", "Ready") == "ServerUnreachable", within_seconds=SECONDS)
    down = condition(stage, "payments", "BacklogKnown")
    await Observed(client, "orders", "reports").add(200)
    await eventually(lambda: stage.replicas("reports") == 2, within_seconds=SECONDS)
    mark = failed_looks(port, own_server)
    await eventually(lambda: failed_looks(port, own_server) >= mark + LOOKS, within_seconds=SECONDS)
    still_down = condition(stage, "payments", "BacklogKnown")
    numbers = stage.status("payments")["backlog"]
    mend(own_server)
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    up = condition(stage, "payments", "BacklogKnown")

    assert (down["status"], down["reason"], bool(down["message"])) == ("False", "ServerUnreachable", True)
    assert still_down["lastTransitionTime"] == down["lastTransitionTime"]
    assert datetime.fromisoformat(up["lastTransitionTime"]) > datetime.fromisoformat(down["lastTransitionTime"])
    assert (numbers["lag"], numbers["accuracy"]) == (300, "Unknown")
    assert (stage.replicas("payments"), stage.writes("payments")) == (3, written)
    await eventually(
        lambda: news(stage, "payments") == {"ServerUnreachable": 1, "BacklogKnown": 1}, within_seconds=SECONDS
    )
    assert condition(stage, "reports", "BacklogKnown")["status"] == "True"
    assert news(stage, "reports") == {"ServerUnreachable": 0, "BacklogKnown": 0}
    async with redis.asyncio.Redis.from_url(own_server.url) as own:
        await Observed(own, "orders", "payments").add(100)
    await eventually(lambda: stage.replicas("payments") == 4, within_seconds=SECONDS)
    assert operator.running


async def test_a_server_that_comes_back_empty_is_believed_and_its_group_made_anew(
    stage: Stage, own_server: EmbeddedServer
) -> None:
    stage.deploy("payments")
    stage.consume("payments", redis={"url": own_server.url}, scaling=SCALING)
    operator = stage.operator()
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    async with redis.asyncio.Redis.from_url(own_server.url) as own:
        await Observed(own, "orders", "payments").add(300)
        await eventually(lambda: stage.replicas("payments") == 3, within_seconds=SECONDS)
        await own.flushall()
    own_server.kill()
    own_server.start()

    await eventually(lambda: stage.replicas("payments") == 0, within_seconds=SECONDS)
    await eventually(lambda: stage.events("GroupRepaired"), within_seconds=SECONDS)
    async with redis.asyncio.Redis.from_url(own_server.url) as own:
        await Observed(own, "orders", "payments").add(200)
    await eventually(lambda: stage.replicas("payments") == 2, within_seconds=SECONDS)
    assert stage.reason("payments", "BacklogKnown") == "Exact"
    assert operator.running


async def test_a_failover_to_a_replica_holds_the_replicas_and_leads_to_the_new_master(
    stage: Stage,
    watched: Watched,
) -> None:
    stage.deploy("payments")
    stage.consume("payments", redis={"url": watched.url}, scaling=SCALING)
    operator = stage.operator()
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    old = watched.master
    async with redis.asyncio.Redis.from_url(old.url) as own:
        await Observed(own, "orders", "payments").add(300)
        await own.wait(2, 30_000)
    await eventually(lambda: stage.replicas("payments") == 3, within_seconds=SECONDS)
    written = stage.writes("payments")

    old.kill()
    new = await watched.failed_over(old)
    async with redis.asyncio.Redis.from_url(new.url) as own:
        await Observed(own, "orders", "payments").add(200)

    await eventually(lambda: stage.replicas("payments") == 5, within_seconds=SECONDS)
    await eventually(lambda: stage.reason("payments", "Ready") == "AsAskedFor", within_seconds=SECONDS)
    assert stage.writes("payments") == written + 1
    assert operator.running
