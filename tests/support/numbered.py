"""A stream of numbered events, and handlers that note which numbers they saw and answer with outputs that can be counted."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import redis.asyncio

from sluiceway import Context, Event, Lease, Publisher
from sluiceway.embedded import EmbeddedServer

__all__ = ["QUICK", "Answered", "Numbered", "Recorder", "answers", "append", "in_one_step", "publish_numbers", "xadd"]

QUICK = Lease(seconds=0.6, poll_seconds=0.1)
"""A lease that runs out while a test waits."""


class Numbered(Event, type="NUMBERED"):
    """An input."""

    number: int


class Answered(Event, type="ANSWERED"):
    """An output: the handler ran for this number and its commit went through."""

    number: int


class Recorder:
    """A handler that notes what it was given.

    Args:
        closed: Numbers whose handling waits until `open` is called for them.

    Attributes:
        begun: Numbers in the order in which their handler was started; twice for two starts.
        handled: Numbers in the order in which their handler returned.
    """

    def __init__(self, closed: Iterable[int] = ()) -> None:
        self.begun: list[int] = []
        self.handled: list[int] = []
        self._gates = {number: asyncio.Event() for number in closed}

    def open(self, *numbers: int) -> None:
        """Let the handlers of these numbers go on; of all where none is named."""
        for number in numbers or tuple(self._gates):
            self._gates[number].set()

    async def note(self, event: Numbered, _: Context) -> None:
        """Handle without an output."""
        self.begun.append(event.number)
        if gate := self._gates.get(event.number):
            await gate.wait()
        self.handled.append(event.number)

    async def answer(self, event: Numbered, context: Context) -> Answered:
        """Handle with an output."""
        await self.note(event, context)
        return Answered(number=event.number)


async def answers(client: redis.asyncio.Redis, stream: str) -> Counter[int]:
    """Return how often each number was answered on a stream of outputs."""
    entries: Any = await client.xrange(stream)
    return Counter(json.loads(fields[b"payload"])["number"] for _, fields in entries)


async def append(client: redis.asyncio.Redis, stream: str, number: int, entry_id: str = "*") -> str:
    """Append a numbered event as a producer without the SDK does, and return its entry ID."""
    fields: dict[Any, Any] = {"type": "NUMBERED", "payload": json.dumps({"number": number})}
    appended: Any = await client.xadd(stream, fields, id=entry_id)
    return str(appended, "ascii")


def xadd(stream: str, number: int, entry_id: str = "*") -> tuple[str, ...]:
    """Return the command for the same, for `in_one_step`."""
    return "XADD", stream, entry_id, "type", "NUMBERED", "payload", json.dumps({"number": number})


async def in_one_step(client: redis.asyncio.Redis, *commands: tuple[Any, ...]) -> list[Any]:
    """Run commands with nothing of any other client between them, and return their replies."""
    async with client.pipeline(transaction=True) as step:
        for command in commands:
            step.execute_command(*command)
        replies: list[Any] = await step.execute()
    return replies


async def publish_numbers(server: EmbeddedServer, stream: str, numbers: Iterable[int]) -> None:
    """Publish numbered events one after the other."""
    async with Publisher(server.url, stream) as publisher:
        for number in numbers:
            await publisher.publish(Numbered(number=number))
