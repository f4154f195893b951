"""A server that cannot be written to any more is left: behind its name may be another one by now."""

from __future__ import annotations

import pytest
import redis
from tests.support.cluster import command
from tests.support.eventually import eventually
from tests.support.proxy import FaultProxy
from tests.support.sentinels import in_sync
from tests.support.servers import StartServer

from sluiceway import RedisSettings
from sluiceway.connection import Endpoint, Link, ReplicasMissing, writing_link
from sluiceway.embedded.ports import HOST

AT_ONCE = "repl-diskless-sync-delay 0"


async def test_a_master_that_became_a_replica_is_left_for_the_one_that_its_name_stands_for_now(
    start_server: StartServer,
) -> None:
    old = start_server("old", extra=(AT_ONCE,))
    new = start_server("new", extra=(AT_ONCE, f"replicaof {HOST} {old.port}"))
    await eventually(lambda: in_sync(new), within_seconds=30)
    async with FaultProxy(old.url) as name:
        link = Link(Endpoint(name.url), "orders")
        await link.call("XADD", "orders", "*", "number", "1")
        # replication is asynchronous: what the replica did not get before it is promoted is lost
        await eventually(lambda: command(new, "XLEN", "orders") == 1)
        command(new, "REPLICAOF", "NO", "ONE")
        command(old, "REPLICAOF", HOST, new.port)
        name.lead_to(new.url)

        with pytest.raises(redis.ReadOnlyError):
            await link.call("XADD", "orders", "*", "number", "2")
        await link.call("XADD", "orders", "*", "number", "2")

        await link.close()
    assert command(new, "XLEN", "orders") == 2


async def test_a_master_without_the_replicas_it_wants_is_left_too(start_server: StartServer) -> None:
    old, new = start_server("old", extra=("min-replicas-to-write 1",)), start_server("new")
    async with FaultProxy(old.url) as name:
        link = Link(Endpoint(name.url), "orders")
        with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
            await link.call("XADD", "orders", "*", "number", "1")
        name.lead_to(new.url)

        await link.call("XADD", "orders", "*", "number", "1")

        await link.close()
    assert command(new, "XLEN", "orders") == 1


async def test_a_master_that_no_replica_follows_any_more_is_left_by_who_waits_for_replicas(
    start_server: StartServer,
) -> None:
    old, new = start_server("old"), start_server("new", extra=(AT_ONCE,))
    replica = start_server("replica", extra=(f"replicaof {HOST} {new.port}",))
    await eventually(lambda: in_sync(replica), within_seconds=30)
    async with FaultProxy(old.url) as name:
        settings = RedisSettings(url=name.url, replicas=1, replica_timeout_seconds=0.3)
        link = writing_link(Endpoint(settings), "orders")
        with pytest.raises(ReplicasMissing):
            await link.call("XADD", "orders", "*", "number", "1")
        name.lead_to(new.url)

        async def taken() -> bool:
            await link.call("XADD", "orders", "*", "number", "1")
            return True

        # On a busy machine the replica may need more than one wait.
        await eventually(taken, ignoring=(ReplicasMissing,))

        await link.close()
    assert command(new, "XLEN", "orders") >= 1
