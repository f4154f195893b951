"""A client of a modelled server, whose connection breaks when a test says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from redis.exceptions import ConnectionError as RedisConnectionError
from typing_extensions import override

from sluiceway_operator.connection import Commands, ServerAddress
from sluiceway_operator.control import Server
from sluiceway_operator.entry_id import EntryId

from .server import ModelledServer

__all__ = ["ModelledClient", "modelled_home"]


class ModelledClient(Commands):
    """Runs commands on a modelled server.

    Args:
        server: The server.
    """

    def __init__(self, server: ModelledServer) -> None:
        self.server = server
        self.down = False
        """Whether the server cannot be reached."""
        self.breaks_in: int | None = None
        """After how many more scripts the connection breaks; the last one is run and its answer is lost."""

    @override
    async def execute_command(self, *args: Any) -> Any:
        if self.down:
            raise RedisConnectionError("connection refused")
        command, script, *rest = args
        # whoever asks for a script by its name falls back to its text; here that is one call
        reply = self.server.execute([_bytes(each) for each in (command, script, *rest)])
        if self.breaks_in is not None:
            self.breaks_in -= 1
            if self.breaks_in <= 0:
                self.down, self.breaks_in = True, None
                raise RedisConnectionError("connection lost while waiting for the answer")
        return reply

    async def read_after(self, streams: Mapping[str, EntryId], block_milliseconds: int | None) -> list[str]:
        """Return those of some streams that have an entry after the given one."""
        del block_milliseconds
        if self.down:
            raise RedisConnectionError("connection refused")
        return [name for name, last in streams.items() if self.server.stream(name).last > last]


class _Home:
    """One server as one client, as the control loop uses it."""

    def __init__(self, client: ModelledClient) -> None:
        self.address = ServerAddress("redis://model:6379")
        self.client = client

    def part_of(self, stream: str) -> int:
        del stream
        return 0


def modelled_home(client: ModelledClient) -> Server:
    """Return a modelled server under the type that the control loop takes."""
    # it has what sweeps and the waker use; the product's class stands for sockets besides
    return cast("Server", _Home(client))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
