"""The command line looks at every master, and finds the present one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.cli import sluiceway
from tests.support.cluster import Cluster
from tests.support.consuming import dead_letters
from tests.support.eventually import eventually
from tests.support.gates import ON_ONE_SERVER
from tests.support.numbered import QUICK, Answered, Numbered
from tests.support.sentinels import Watched

from sluiceway import Publisher, Reject, Service
from sluiceway.cli import main

GROUP = "payments"


class Flow:
    """Two services and three streams, with one dead letter, all of one correlation ID.

    Args:
        url: The servers.
        orders, payments, notices: The streams.
    """

    def __init__(self, url: str, orders: str, payments: str, notices: str) -> None:
        self.url = url
        self.streams = orders, payments, notices

    async def run(self) -> str:
        """Let it happen, and return its correlation ID."""
        orders, payments, notices = self.streams
        service = Service(GROUP, self.url)

        @service.on(Numbered, stream=orders, publishes=payments)
        async def pay(order: Numbered) -> Answered:
            return Answered(number=order.number)

        @service.on(Answered, stream=payments, publishes=notices)
        async def notify(_: Answered) -> None:
            raise Reject("nobody to tell")

        service.consume(orders, lease=QUICK)
        service.consume(payments, lease=QUICK)
        async with service, Publisher(self.url, orders) as publisher:
            receipt = await publisher.publish(Numbered(number=1))

            async def ended() -> bool:
                return len(await dead_letters(self.url, payments, GROUP)) == 1

            await eventually(ended, within_seconds=30)
        return receipt.correlation_id


class CommandLine:
    """Commands, run here: seven processes for each topology would be most of the time.

    Args:
        url: The servers.
        capsys: Takes what they write.
    """

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._url = url
        self._capsys = capsys

    async def __call__(self, *arguments: str) -> Any:
        """Run one and return its document."""
        self._capsys.readouterr()
        # It has an event loop of its own.
        code = await asyncio.to_thread(main, [*arguments, "--redis", self._url, "--json"])
        written = self._capsys.readouterr()
        assert code == 0, written.err
        return json.loads(written.out)


async def looks_right(flow: Flow, correlation_id: str, sluiceway: CommandLine) -> None:
    orders, payments, _ = flow.streams

    listed = await sluiceway("groups")
    assert {(each["stream"], each["group"], each["dead_letters"]) for each in listed["groups"]} == {
        (orders, GROUP, 0),
        (payments, GROUP, 1),
    }
    traced = await sluiceway("trace", correlation_id)
    assert [event["stream"] for event in traced["events"]] == [orders, payments]
    (letter,) = (await sluiceway("dlq", "list", payments, GROUP))["dead_letters"]
    assert letter["reason"] == "rejected"
    assert len((await sluiceway("dlq", "replay", payments, GROUP, letter["id"]))["replayed"]) == 1
    assert (await sluiceway("publish", orders, "NUMBERED", '{"number": 2}'))["entry_id"]
    (group,) = (await sluiceway("groups", orders))["groups"]
    assert group["lag"] == 1


@ON_ONE_SERVER
async def test_groups_trace_dlq_and_publish_work_over_all_masters_of_a_cluster(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, payments, notices = (
        cluster.stream_on(master, name)
        for master, name in zip(cluster.masters, ("orders", "payments", "notices"), strict=True)
    )
    flow = Flow(cluster.url, orders, payments, notices)

    await looks_right(flow, await flow.run(), CommandLine(flow.url, capsys))


@ON_ONE_SERVER
async def test_groups_trace_dlq_and_publish_work_on_the_master_that_sentinels_name(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = Flow(watched.url, "orders", "payments", "notices")
    correlation_id = await flow.run()
    old = watched.master

    old.kill()
    await watched.failed_over(old)

    await looks_right(flow, correlation_id, CommandLine(flow.url, capsys))


@pytest.mark.parametrize("scheme", ["redis+sentinel", "redis+cluster"])
def test_servers_that_are_not_there_are_all_named(scheme: str) -> None:
    service = "/shop" if scheme == "redis+sentinel" else ""

    ended = sluiceway(f"{scheme}://:hunter2@127.0.0.1:1,127.0.0.1:2{service}", "groups")

    ended.failed(3, "127.0.0.1:1: ", "127.0.0.1:2: ")
    assert "hunter2" not in ended.out + ended.err
