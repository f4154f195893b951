"""A stream, a group on it, and what a test wants to know of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.servers import SERVERS, name_of

from sluiceway import DeadLetter, DeadLetters, Event, Lease, Service
from sluiceway.keys import GroupKeys

STREAM, GROUP = "orders", "payments"
KEYS = GroupKeys(STREAM, GROUP)
LEASE = Lease(seconds=0.6, poll_seconds=0.1)

one_server = pytest.mark.parametrize("server_binary", SERVERS[:1], ids=name_of, indirect=True)
"""For tests of what happens inside the process, where a second kind of server would say nothing new."""


class Note(Event, type="NOTE"):
    """The event that tests publish."""

    number: int
    text: str = ""


class Echo(Event, type="ECHO"):
    """The event that tests' handlers publish."""

    number: int


async def add(client: redis.asyncio.Redis, number: int, stream: str = STREAM, **fields: Any) -> str:
    """Append a note as a foreign producer would, and return its entry ID."""
    return await add_raw(client, {"type": "NOTE", "payload": f'{{"number":{number}}}', **fields}.items(), stream)


async def add_raw(client: redis.asyncio.Redis, fields: Iterable[tuple[Any, Any]], stream: str = STREAM) -> str:
    """Append an entry of exactly these fields (a name may come twice) and return its entry ID."""
    flat = [part for field in fields for part in field]
    entry_id: bytes = await client.execute_command("XADD", stream, "*", *flat)  # type: ignore[no-untyped-call]
    return entry_id.decode()


@asynccontextmanager
async def running(service: Service, client: redis.asyncio.Redis) -> AsyncIterator[None]:
    """Run a service; at the end its blocking read gets an entry of a type nobody takes, so that it stops at once."""
    await service.start()
    streams = tuple(service.handlers)
    try:
        yield
    finally:
        stopping = asyncio.create_task(service.stop())
        await asyncio.sleep(0)
        for stream in streams:
            await client.xadd(stream, {"type": "WAKE_UP"})
        await stopping


async def pending(client: redis.asyncio.Redis, stream: str = STREAM, group: str = GROUP) -> int:
    """How many entries are delivered and not acknowledged."""
    for info in await client.xinfo_groups(stream):
        if info["name"] == group.encode():
            number: int = info["pending"]
            return number
    raise AssertionError(f"{stream} has no group {group}")


async def drained(client: redis.asyncio.Redis, stream: str = STREAM, group: str = GROUP) -> bool:
    """Whether a group was given everything on a stream and has acknowledged all of it."""
    if not await client.exists(stream):
        return False
    last = (await client.xinfo_stream(stream))["last-generated-id"]
    groups = {info["name"]: info for info in await client.xinfo_groups(stream)}
    info = groups.get(group.encode())
    return info is not None and info["last-delivered-id"] == last and info["pending"] == 0


async def until_drained(
    client: redis.asyncio.Redis, stream: str = STREAM, group: str = GROUP, within_seconds: float = 60.0
) -> None:
    """Wait until a group has nothing left to do on a stream."""
    await eventually(
        lambda: drained(client, stream, group), within_seconds=within_seconds, what=f"{group} settles all of {stream}"
    )


async def dead_letters(url: str, stream: str = STREAM, group: str = GROUP) -> list[DeadLetter]:
    """All dead letters of a group."""
    async with DeadLetters(url, stream, group) as letters:
        return [letter async for letter in letters.list()]


async def numbers_on(client: redis.asyncio.Redis, stream: str) -> list[int]:
    """The numbers of the notes or echoes on a stream, in its order."""
    entries: Any = await client.xrange(stream)
    return [Echo.decode(fields[b"payload"]).number for _, fields in entries]
