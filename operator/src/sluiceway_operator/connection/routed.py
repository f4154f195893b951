"""Sends each command to whoever holds its stream now."""

from collections.abc import Mapping
from typing import Any, Protocol

from redis.exceptions import (
    AskError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    ReadOnlyError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from typing_extensions import override

from ..entry_id import EntryId
from .topology import Topology

__all__ = ["Commands", "Routed"]

_MOST_REDIRECTIONS = 3
_DOUBTFUL = (RedisConnectionError, RedisTimeoutError, ClusterDownError, MasterDownError, ReadOnlyError, OSError)
"""Who says such a thing, or nothing, is not the one to ask. A login that was refused is among them: `doubt` costs little."""


class Commands(Protocol):
    """Runs commands; a client of redis-py does, too."""

    async def execute_command(self, *args: Any) -> Any:
        """Run one; raises `redis.exceptions.RedisError` if the server does not answer in time, or refuses."""
        ...


class Routed(Commands):
    """Runs scripts where their keys are.

    Args:
        topology: Knows where that is.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    @override
    async def execute_command(self, *args: Any) -> Any:
        """Run a script.

        Args:
            args: The command, the script, the number of its keys, and its keys, all of one slot, before anything else.
        """
        node = await self._topology.node_of(args[3])
        for _ in range(_MOST_REDIRECTIONS):
            try:
                return await node.ask(*args)
            except AskError as moving:
                target = await self._topology.node_at(moving.host, moving.port)
                return await target.ask_imported(*args)
            except MovedError as moved:
                await self._topology.doubt(node)
                node = await self._topology.node_at(moved.host, moved.port)
            except _DOUBTFUL:
                await self._topology.doubt(node)
                raise
        raise RedisConnectionError(f"{node} and others send each other what is asked of {args[3]!r}")

    async def read_after(self, streams: Mapping[str, EntryId], block_milliseconds: int | None) -> list[str]:
        """Return those of some streams, all of one part, that have an entry after the given one.

        Args:
            streams: Each with an ID.
            block_milliseconds: How long to wait for the first of them; None: not at all.

        Raises:
            redis.exceptions.RedisError: The server does not answer, or refuses; one bad key spoils the whole call.
        """
        first = next(iter(streams))
        node = await self._topology.node_of(first)
        block = () if block_milliseconds is None else ("BLOCK", block_milliseconds)
        try:
            reply = await node.wait(
                "XREAD", "COUNT", 1, *block, "STREAMS", *streams, *(str(last) for last in streams.values())
            )
        except (*_DOUBTFUL, MovedError):
            await self._topology.doubt(node)
            raise
        return [stream.decode("utf-8", "surrogateescape") for stream, _ in reply or ()]
