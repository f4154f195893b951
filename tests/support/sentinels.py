"""A master, two replicas and three sentinels on the loopback interface, quick to notice a death."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.support.eventually import eventually, eventually_sync
from tests.support.servers import StartServer

from sluiceway.embedded import EmbeddedServer, ServerBinary
from sluiceway.embedded.lifetime import die_with_parent
from sluiceway.embedded.ports import HOST, free_port

__all__ = ["SERVICE", "Sentinel", "Watched", "can_fail_over", "in_sync", "named", "role", "watched", "watched_servers"]

SERVICE = "shop"
_DOWN_AFTER_MILLISECONDS = 500
_TRANSIENT = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError, OSError)


class Sentinel:
    """One sentinel process.

    Args:
        binary: The server's program: a sentinel is the same in another mode.
        folder: Where its configuration and its log are.
        port: Of whom it watches.
        patience_milliseconds: Silence after which it takes that one for dead.
    """

    def __init__(
        self, binary: ServerBinary, folder: Path, port: int, patience_milliseconds: int = _DOWN_AFTER_MILLISECONDS
    ) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        configuration = folder / "sentinel.conf"
        configuration.write_text(
            "\n".join(
                (
                    f"bind {HOST}",
                    f"port {self.port}",
                    f"dir {folder}",
                    f"sentinel monitor {SERVICE} {HOST} {port} 2",
                    f"sentinel down-after-milliseconds {SERVICE} {patience_milliseconds}",
                    f"sentinel failover-timeout {SERVICE} 3000",
                    "",
                )
            )
        )
        with (folder / "sentinel.log").open("wb") as log:
            self._process = subprocess.Popen(
                [binary.path, str(configuration), "--sentinel"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - system calls only
            )

    def ask(self, *command: Any) -> Any:
        """Send a command and return the reply as it comes."""
        with redis.Redis(
            host=HOST, port=self.port, protocol=2, socket_timeout=2, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def kill(self) -> None:
        """Send SIGKILL and wait until it is gone."""
        self._process.kill()
        self._process.wait()


class Watched:
    """What the sentinels watch.

    Attributes:
        servers: The first master and its replicas.
        sentinels: Who watches them.
    """

    def __init__(self, servers: list[EmbeddedServer], sentinels: list[Sentinel]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        """What the SDK is told."""
        return f"redis+sentinel://{','.join(f'{HOST}:{each.port}' for each in self.sentinels)}/{SERVICE}"

    @property
    def master(self) -> EmbeddedServer:
        """The server that is the master by the word of most sentinels."""
        named: list[int] = []
        for sentinel in self.sentinels:
            _, port = sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
            named.append(int(port))
        most = max(named, key=named.count)
        return next(server for server in self.servers if server.port == most)

    async def failed_over(self, old: EmbeddedServer, within_seconds: float = 30.0) -> EmbeddedServer:
        """Wait until another server than `old` is the master and takes writes, and return it."""

        def successor() -> EmbeddedServer | None:
            master = self.master
            return master if master is not old and role(master) == "master" else None

        found = await eventually(successor, within_seconds=within_seconds, what="a new master", ignoring=_TRANSIENT)
        assert found is not None
        return found


def role(server: EmbeddedServer) -> str:
    """What a server says that it is: master or slave."""
    with redis.Redis.from_url(server.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
        reply: Any = client.execute_command("ROLE")
    return str(reply[0], "ascii")


def in_sync(replica: EmbeddedServer) -> bool:
    """Whether a replica has all that its master had, and follows it."""
    with redis.Redis.from_url(replica.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
        reply: Any = client.execute_command("ROLE")
    return bool(reply[0] == b"slave" and reply[3] == b"connected")


@contextmanager
def watched_servers(
    binary: ServerBinary, start_server: StartServer, folder: Path, ready: Callable[[Sentinel], bool]
) -> Iterator[Watched]:
    """Start servers and sentinels; who starts the servers also ends them.

    Args:
        binary: The program of the sentinels.
        start_server: Starts a server.
        folder: For the sentinels' files.
        ready: What each sentinel has to be: `answers` or `can_fail_over`.
    """
    at_once = "repl-diskless-sync-delay 0"
    master = start_server("master", fsync="everysec", extra=(at_once,))
    following = (at_once, f"replicaof {HOST} {master.port}")
    replicas = [start_server(f"replica-{number}", fsync="everysec", extra=following) for number in (1, 2)]
    # A sentinel looks at its servers once in ten seconds only.
    eventually_sync(lambda: all(map(in_sync, replicas)), within_seconds=30, ignoring=_TRANSIENT)
    sentinels = [Sentinel(binary, folder / f"sentinel-{number}", master.port) for number in (1, 2, 3)]
    try:
        eventually_sync(lambda: all(map(ready, sentinels)), within_seconds=30, ignoring=_TRANSIENT)
        yield Watched([master, *replicas], sentinels)
    finally:
        for sentinel in sentinels:
            sentinel.kill()


@pytest.fixture
def watched(server_binary: ServerBinary, start_server: StartServer, tmp_path: Path) -> Iterator[Watched]:
    """Ready for a failover."""
    with watched_servers(server_binary, start_server, tmp_path, can_fail_over) as servers:
        yield servers


@pytest.fixture
def named(server_binary: ServerBinary, start_server: StartServer, tmp_path: Path) -> Iterator[Watched]:
    """The sentinels can be asked; they do not know of each other yet, which takes seconds."""
    with watched_servers(server_binary, start_server, tmp_path, answers) as servers:
        yield servers


def answers(sentinel: Sentinel) -> bool:
    """Whether a sentinel can be asked."""
    return bool(sentinel.ask("PING") == b"PONG")


def can_fail_over(sentinel: Sentinel) -> bool:
    """Whether a sentinel knows the other sentinels, and replicas that are in sync: then it can lead a failover."""
    state = _pairs(sentinel.ask("SENTINEL", "MASTER", SERVICE))
    replicas = [_pairs(flat) for flat in sentinel.ask("SENTINEL", "REPLICAS", SERVICE)]
    following = [replica for replica in replicas if replica["master-link-status"] == "ok"]
    return state["num-other-sentinels"] == "2" and state["flags"] == "master" and len(following) == 2


def _pairs(flat: Any) -> dict[str, str]:
    texts = [str(each, "ascii") for each in flat]
    return dict(zip(texts[::2], texts[1::2], strict=True))
