"""The port that messages leave the shop through, and the sinks that come with it: the console, and books."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol, TextIO

from shop_events.books import Books, BooksUnavailable

from .message import Message

__all__ = ["ConsoleSink", "MessageSink", "RecordedSink", "SinkUnavailable", "Undeliverable"]


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


class RecordedSink:
    """Writes messages to books shared by all processes; a message that is sent again is there once."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def send(self, message: Message) -> None:
        """Write the message, unless it is there.

        Raises:
            SinkUnavailable: The books did not take it.
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
            await self._books.remember(message.message_id, lambda: line)
        except BooksUnavailable as error:
            raise SinkUnavailable(f"cannot write the message down: {error}") from error
