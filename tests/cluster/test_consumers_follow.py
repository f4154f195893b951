"""The operator as a process, with real controllers and consumers as processes: how many writes, and what becomes of work in hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis.asyncio
from tests.support.api_server import ApiServer, running_api_server
from tests.support.consuming import one_server
from tests.support.controller_manager import running_controllers
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed
from tests.support.node import Node
from tests.support.operated import Stage
from tests.support.processes import Program
from tests.support.programs import raw_consumer
from tests.support.replica_writes import ReplicaWrites, raised
from tests.support.workers import GROUP, STREAM, arguments, consumer_names, numbered, results
from tests.support.workers import publish as publish_works

pytestmark = [one_server, pytest.mark.timeout(240, func_only=True)]

SECONDS = 90.0


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One of their own: the controllers would make pods for the Deployments of all other tests."""
    folder = tmp_path_factory.mktemp("controlled")
    (folder / "api").mkdir()
    with running_api_server(folder / "api") as server, running_controllers(server, folder):
        yield server


class Cluster:
    """The stage, with pods."""

    def __init__(self, stage: Stage, opened: ExitStack) -> None:
        self.stage = stage
        self._opened = opened
        account = {"name": "default", "namespace": stage.namespace}
        stage.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})

    def run(self, start: Callable[[str], Program]) -> Node:
        """Have each pod of the namespace be a process."""
        return self._opened.enter_context(Node(self.stage.api, self.stage.namespace, start))

    def run_raw(self, name: str, *, count: int, seconds: float) -> Node:
        """Have each pod be a consumer of stream and group of this name with redis-py alone."""
        words = (str(raw_consumer.__file__), self.stage.redis_url, name, str(count), str(seconds))
        return self.run(lambda pod: self.stage.programs.start(*words, env={"POD_NAME": pod}))

    def watch(self, name: str) -> ReplicaWrites:
        """Watch the writes of a Deployment's replicas."""
        return self._opened.enter_context(ReplicaWrites(self.stage.api, self.stage.namespace, name))

    async def idle(self, name: str, **scaling: object) -> None:
        """Have an operator look after a consumer of this name, which has nothing to do."""
        self.stage.deploy(name)
        self.stage.consume(name, stream=name, group={"name": name}, scaling=scaling, consumers={"reapAfterSeconds": 1})
        self.stage.operator()
        await eventually(lambda: self.stage.reason(name, "Ready") == "AsAskedFor", within_seconds=SECONDS)


@pytest.fixture
def cluster(stage: Stage) -> Iterator[Cluster]:
    with ExitStack() as opened:
        yield Cluster(stage, opened)


async def done(client: redis.asyncio.Redis, name: str) -> list[Any]:
    """The IDs of the entries that consumers did, each as often as it was done."""
    return await client.lrange(f"{name}:done", 0, -1)


async def test_one_event_on_an_idle_stream_is_one_write_until_it_is_done(
    cluster: Cluster, client: redis.asyncio.Redis
) -> None:
    await cluster.idle("payments", maxReplicas=5, scaleDown={"idleSeconds": 1})
    cluster.run_raw("payments", count=1, seconds=3)
    watch = cluster.watch("payments")

    entry = await client.xadd("payments", {"n": "1"})
    await eventually(lambda: done(client, "payments"), within_seconds=SECONDS)
    await eventually(lambda: cluster.stage.replicas("payments") == 0, within_seconds=SECONDS)

    await eventually(lambda: watch.writes[-1].replicas == 0)
    assert [write.replicas for write in watch.writes] == [0, 1, 0]
    assert await done(client, "payments") == [entry]


async def test_a_burst_takes_two_writes_up_at_most_and_is_drained(
    cluster: Cluster, client: redis.asyncio.Redis
) -> None:
    await cluster.idle("payments", maxReplicas=4, target={"drainSeconds": 5})
    cluster.run_raw("payments", count=10, seconds=0.02)
    watch = cluster.watch("payments")

    entries = await Observed(client, "payments", "payments").add(600)
    await eventually(lambda: client.llen("payments:done"), within_seconds=SECONDS)
    await eventually(lambda: drained(client, "payments"), within_seconds=SECONDS)

    assert watch.writes[1].replicas == 4
    assert len(raised(watch.writes)) <= 2
    assert sorted(await done(client, "payments")) == sorted(entries)


async def drained(client: redis.asyncio.Redis, name: str) -> bool:
    """Whether nothing is left to be done."""
    (group,) = await client.xinfo_groups(name)
    return bool(group["lag"] == 0 and group["pending"] == 0)


async def test_at_a_reduction_those_go_who_hold_nothing_and_what_is_in_hand_is_done_once(
    cluster: Cluster, client: redis.asyncio.Redis
) -> None:
    await cluster.idle("payments", maxReplicas=6, target={"backlogPerReplica": 1})
    node = cluster.run_raw("payments", count=3, seconds=2)

    entries = await Observed(client, "payments", "payments").add(9)
    await eventually(lambda: len(node.living()) == 6, within_seconds=SECONDS)
    await eventually(lambda: someone_goes(node), within_seconds=SECONDS)
    held = {each["name"].decode() for each in await client.xinfo_consumers("payments", "payments") if each["pending"]}
    first = going(node)
    await eventually(lambda: drained(client, "payments"), within_seconds=SECONDS)

    assert first
    assert not first & held
    assert sorted(await done(client, "payments")) == sorted(entries)


def someone_goes(node: Node) -> bool:
    """Whether a pod was asked to go."""
    return bool(going(node))


def going(node: Node) -> set[str]:
    """The pods that were asked to go."""
    return {name for name, pod in list(node.pods.items()) if pod.going_at is not None}


async def test_what_a_lost_pod_held_is_released_its_name_goes_and_each_event_is_done_once(
    cluster: Cluster, client: redis.asyncio.Redis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gates = tmp_path_factory.mktemp("gates")
    stage = cluster.stage
    stage.deploy(GROUP)
    stage.consume(GROUP, stream=STREAM, scaling={"minReplicas": 1, "maxReplicas": 1}, consumers={"reapAfterSeconds": 1})
    stage.operator()
    node = cluster.run(
        lambda pod: stage.programs.start(
            *arguments(gates, {"redis": stage.redis_url, "consumer": pod, "lease_seconds": 600})
        )
    )
    await eventually(node.living, within_seconds=SECONDS)
    await publish_works(stage.redis_url, numbered(5, "wait"))
    await eventually(lambda: hold(client, STREAM, GROUP, 5), within_seconds=SECONDS)
    await eventually(lambda: stage.status(GROUP)["backlog"]["pending"] == 5, within_seconds=SECONDS)
    (victim,) = node.living()

    node.lose(victim)
    for number in range(5):
        (gates / str(number)).touch()

    await eventually(lambda: all_done(client), within_seconds=SECONDS)
    await eventually(lambda: hold(client, STREAM, GROUP, 0), within_seconds=SECONDS)
    assert sorted(await results(client)) == ["0", "1", "2", "3", "4"]
    await eventually(lambda: only_living(client, node), within_seconds=SECONDS)
    assert victim not in await consumer_names(client)
    assert [each for each in stage.events("ConsumerReaped") if f"pod {victim} is gone; 5 entries" in each]


async def all_done(client: redis.asyncio.Redis) -> bool:
    """Whether there are five results."""
    return len(await results(client)) >= 5


async def only_living(client: redis.asyncio.Redis, node: Node) -> bool:
    """Whether the group knows nobody but pods that run."""
    return await consumer_names(client) <= node.living()


async def test_work_of_a_consumer_that_was_killed_wakes_another_one_though_nothing_is_undelivered(
    cluster: Cluster, client: redis.asyncio.Redis
) -> None:
    stage = cluster.stage
    await client.xgroup_create("payments", "payments", id="0", mkstream=True)
    await client.xadd("payments", {"n": "1"})
    victim = stage.programs.start(
        *(str(raw_consumer.__file__), stage.redis_url, "payments", "1", "3600"), env={"POD_NAME": "pod-of-yesterday"}
    )
    await eventually(lambda: hold(client, "payments", "payments", 1), within_seconds=SECONDS)
    victim.kill()

    await cluster.idle("payments", maxReplicas=5)

    await eventually(lambda: stage.replicas("payments") == 1, within_seconds=SECONDS)
    (group,) = await client.xinfo_groups("payments")
    assert (group["lag"], group["pending"]) == (0, 1)


async def hold(client: redis.asyncio.Redis, stream: str, group: str, entries: int) -> bool:
    """Whether so many entries are in somebody's hand."""
    return bool((await client.xpending(stream, group))["pending"] == entries)
