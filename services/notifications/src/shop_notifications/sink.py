"""The port that messages leave the shop through, and the sinks that need no server: console and file."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Protocol, TextIO

from shop_events.record import Record

from .message import Message

__all__ = ["ConsoleSink", "FileSink", "MessageSink", "SinkUnavailable", "Undeliverable"]


class SinkUnavailable(Exception):
    """The message may or may not have been taken; send it again later."""


class Undeliverable(Exception):
    """The message was refused for good."""


class MessageSink(Protocol):
    """Takes messages to customers."""

    async def send(self, message: Message) -> None:
        """Hand a message over. Called again with the same `message_id` when it is not known whether that worked.

        Raises:
            SinkUnavailable: Try again later.
            Undeliverable: Never try again.
        """
        ...


class ConsoleSink:
    """Prints one line a message."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    async def send(self, message: Message) -> None:
        """Print the message."""
        print(f"to {message.recipient}: {message.subject} {message.message_id}", file=self._out, flush=True)


class FileSink:
    """Appends messages to a record shared by all processes; a message that is sent again is there once."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def send(self, message: Message) -> None:
        """Append the message, unless it is there.

        Raises:
            SinkUnavailable: The disk did not take it.
        """
        line = {
            "orderId": message.order_id,
            "customerId": message.customer_id,
            "recipient": message.recipient,
            "subject": message.subject,
            "text": message.text,
            "atMilliseconds": time.time_ns() // 1_000_000,
            "pid": os.getpid(),
        }
        try:
            await asyncio.to_thread(self._record.once, message.message_id, lambda: line)
        except OSError as error:
            raise SinkUnavailable(f"cannot append to the file of messages: {error}") from error
