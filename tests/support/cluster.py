"""A cluster of three masters, one of them with a replica, on the loopback interface."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.support.eventually import eventually, eventually_sync
from tests.support.servers import StartServer

from sluiceway.connection.slots import slot_of
from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import HOST, free_port

__all__ = ["Cluster", "cluster", "cluster_node", "command"]

_SLOTS = 16_384
_MASTERS = 3
_TRANSIENT = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError, OSError)


def command(server: EmbeddedServer, *arguments: Any) -> Any:
    """Send one command to one node, whatever it says of other nodes, and return the reply as it comes."""
    with redis.Redis.from_url(server.url, protocol=2, socket_timeout=10, retry=Retry(NoBackoff(), 0)) as client:
        client.response_callbacks.clear()
        return client.execute_command(*arguments)


class Cluster:
    """Nodes that know each other.

    Attributes:
        masters: Who serves the first, the second and the last third of the slots, at first.
        replica: Follows the first of them, and takes its place when it dies.
    """

    def __init__(self, masters: list[EmbeddedServer], replica: EmbeddedServer) -> None:
        self.masters = masters
        self.replica = replica

    @property
    def nodes(self) -> list[EmbeddedServer]:
        """All nodes."""
        return [*self.masters, self.replica]

    @property
    def url(self) -> str:
        """What the SDK is told: all nodes, so that any of them may be dead."""
        return self.url_of(self.nodes)

    def url_of(self, nodes: Iterable[EmbeddedServer]) -> str:
        """What the SDK is told by somebody who knows some nodes."""
        return f"redis+cluster://{','.join(f'{HOST}:{node.port}' for node in nodes)}"

    def stream_on(self, master: EmbeddedServer, prefix: str) -> str:
        """A name beginning so, of a stream that this master serves at first."""
        number = self.masters.index(master)
        names = (f"{prefix}-{count}" for count in itertools.count())
        return next(name for name in names if slot_of(name) * _MASTERS // _SLOTS == number)

    def serving(self, stream: str) -> EmbeddedServer:
        """The node that serves a stream now, by the word of the second master."""
        slot = slot_of(stream)
        for first, last, (_, port, *_), *_ in command(self.masters[1], "CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == port)
        raise AssertionError(f"no node serves slot {slot}")

    def client(self) -> redis.asyncio.RedisCluster:
        """A plain client that answers bytes, to arrange and to look behind the scenes."""
        node = self.masters[1]
        return redis.asyncio.RedisCluster(host=HOST, port=node.port)

    def begin_move(self, stream: str, source: EmbeddedServer, target: EmbeddedServer) -> None:
        """Let the slot of a stream begin to move: from now on keys that are not at the source are asked for at the target."""
        slot = slot_of(stream)
        command(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
        command(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))

    def move_keys(self, source: EmbeddedServer, target: EmbeddedServer, *keys: bytes | str) -> None:
        """Move keys of a slot that has begun to move."""
        command(source, "MIGRATE", HOST, target.port, "", 0, 10_000, "KEYS", *keys)

    def end_move(self, stream: str, source: EmbeddedServer, target: EmbeddedServer) -> None:
        """Move what is left of a slot, and tell all nodes that it has moved."""
        slot = slot_of(stream)
        while keys := command(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            self.move_keys(source, target, *keys)
        others = [node for node in self.nodes if node.running and node not in (source, target)]
        for node in (target, source, *others):
            if command(node, "ROLE")[0] == b"master":
                command(node, "CLUSTER", "SETSLOT", slot, "NODE", node_id(target))

    async def promoted(self, within_seconds: float = 30.0) -> None:
        """Wait until the replica has taken its master's place by the word of the others, and all slots are served."""

        def done() -> bool:
            views = [_masters_of_slots(master) for master in self.masters if master.running]
            return all(self.replica.port in view for view in views) and all(
                _healthy(node) for node in self.nodes if node.running
            )

        await eventually(done, within_seconds=within_seconds, what="a promoted replica", ignoring=_TRANSIENT)


def node_id(node: EmbeddedServer) -> str:
    """What the others call a node."""
    return str(command(node, "CLUSTER", "MYID"), "ascii")


def _masters_of_slots(node: EmbeddedServer) -> set[int]:
    return {port for _, _, (_, port, *_), *_ in command(node, "CLUSTER", "SLOTS")}


def _healthy(node: EmbeddedServer) -> bool:
    about: bytes = command(node, "CLUSTER", "INFO")
    return b"cluster_state:ok" in about


def cluster_node(start_server: StartServer, name: str, **options: Any) -> EmbeddedServer:
    """Start a server that may become a node of a cluster."""
    lines = (
        "cluster-enabled yes",
        # Ports are picked from all there are, so the usual distance to the other one may lead too high.
        f"cluster-port {free_port()}",
        "cluster-node-timeout 1000",
        "cluster-replica-validity-factor 0",
        "repl-diskless-sync-delay 0",
        # A replica that has been sent nothing yet is not told of.
        "repl-ping-replica-period 1",
        *options.pop("extra", ()),
    )
    return start_server(name, **{"fsync": "everysec", "extra": lines, **options})


def _bus_port(node: EmbeddedServer) -> int:
    (line,) = (line for line in node.settings.extra if line.startswith("cluster-port "))
    return int(line.split()[1])


@pytest.fixture
def cluster(start_server: StartServer) -> Cluster:
    masters = [cluster_node(start_server, f"node-{number}") for number in range(_MASTERS)]
    replica = cluster_node(start_server, "replica")
    for number, master in enumerate(masters):
        first, after = (-(-_SLOTS * each // _MASTERS) for each in (number, number + 1))
        command(master, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
        command(master, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for one, other in itertools.combinations((*masters, replica), 2):
        command(one, "CLUSTER", "MEET", HOST, other.port, _bus_port(other))
    known = f"cluster_known_nodes:{_MASTERS + 1}".encode()
    nodes = (*masters, replica)
    eventually_sync(lambda: all(known in command(node, "CLUSTER", "INFO") for node in nodes), within_seconds=30)
    leader = node_id(masters[0])
    eventually_sync(lambda: command(replica, "CLUSTER", "REPLICATE", leader), within_seconds=30, ignoring=_TRANSIENT)

    def complete() -> bool:
        follows = command(replica, "ROLE")[3] == b"connected"
        seen = all(replica.port in _all_ports(master) for master in masters)
        return follows and seen and all(map(_healthy, nodes))

    eventually_sync(complete, within_seconds=30, ignoring=_TRANSIENT)
    return Cluster(masters, replica)


def _all_ports(node: EmbeddedServer) -> set[int]:
    return {port for _, _, *told in command(node, "CLUSTER", "SLOTS") for _, port, *_ in told}
