"""A service that is pointed at a replica says so, and works as soon as the replica is the master."""

from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import drained
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers, publish_numbers
from tests.support.servers import StartServer

from sluiceway import Publisher, Service, Unavailable
from sluiceway.readiness import readiness

Redis = redis.asyncio.Redis


def answering(url: str, recorder: Recorder) -> Service:
    service = Service("payments", url)
    service.on(Numbered, stream="orders", publishes="payments")(recorder.answer)
    service.consume("orders", lease=QUICK)
    return service


async def in_sync(replica: Redis) -> bool:
    about: Any = await replica.info("replication")
    return bool(about["role"] == "slave" and about["master_link_status"] == "up")


async def test_a_replica_is_a_clear_fault_until_it_becomes_the_master(start_server: StartServer) -> None:
    master = start_server("master", append_only=False, extra=("repl-diskless-sync-delay 0",))
    server = start_server("replica", append_only=False)
    recorder = Recorder()
    async with Redis.from_url(server.url) as replica, Publisher(server.url, "orders") as publisher:
        await publish_numbers(master, "orders", range(5))
        await replica.replicaof("127.0.0.1", master.port)
        await eventually(lambda: in_sync(replica), within_seconds=30)

        async with answering(server.url, recorder) as service:
            await eventually(lambda: service.consumers[0].health.fault)
            (problem,) = readiness(service)
            assert problem.startswith("orders: no success on the server yet (")
            assert "read only replica" in problem.lower() or "readonly" in problem.lower()
            with pytest.raises(Unavailable, match=r"(?i)read.?only"):
                await publisher.publish(Numbered(number=5))

            await replica.replicaof("NO", "ONE")

            await publisher.publish(Numbered(number=5))
            await eventually(lambda: drained(replica), ignoring=(redis.RedisError,))
            assert readiness(service) == []
        assert recorder.handled == [0, 1, 2, 3, 4, 5]


async def test_a_master_that_becomes_a_replica_and_comes_back_loses_and_doubles_nothing(
    start_server: StartServer,
) -> None:
    server = start_server(append_only=False)
    recorder = Recorder(closed=[2])
    async with Redis.from_url(server.url) as client, Publisher(server.url, "orders") as publisher:
        async with answering(server.url, recorder) as service:
            await publisher.publish_many([Numbered(number=number) for number in range(5)])
            await eventually(lambda: recorder.begun == [0, 1, 2, 3, 4])

            # Port 1 is refused at once, so no replication ever starts and the data stays.
            await client.replicaof("127.0.0.1", 1)
            recorder.open()
            await eventually(lambda: "read only" in (service.consumers[0].health.fault or "").lower())
            await client.replicaof("NO", "ONE")

            await eventually(lambda: drained(client), within_seconds=20)
        assert await answers(client, "payments") == dict.fromkeys(range(5), 1)
