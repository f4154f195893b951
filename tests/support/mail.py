"""A real SMTP server for tests, which can be told to be difficult."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.support.eventually import eventually
from typing_extensions import override


class Mailbox:
    """What has arrived, and how the server answers.

    Attributes:
        mails: All mails whose text arrived in whole, oldest first.
        recipients: The envelope recipients, one list a mail.
        recipient_answer: What is said to each recipient; None: welcome.
        data_answer: What is said after the text of a mail; None: taken.
        hang_up: Close the connection where the answer to the text is due.
        conversations: Connections that are open now.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.recipient_answer: str | None = None
        self.data_answer: str | None = None
        self.hang_up = False
        self.conversations: set[SMTP] = set()
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def message_ids(self) -> list[str]:
        """The Message-IDs of all mails, oldest first."""
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if self.recipient_answer is not None:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del session
        if self.data_answer is not None:
            return self.data_answer
        self.mails.append(message_from_bytes(cast("bytes", envelope.content), policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        if self.hang_up:
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"

    async def open(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Conversation(self), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End all conversations, and refuse connections until `open`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for conversation in list(self.conversations):
            cast("asyncio.Transport", conversation.transport).abort()
        await eventually(lambda: not self.conversations, what="the end of all conversations")


class _Conversation(SMTP):
    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(mailbox, hostname="mail.test")
        self._mailbox = mailbox

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._mailbox.conversations.add(self)
        super().connection_made(transport)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._mailbox.conversations.discard(self)


@pytest_asyncio.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A running SMTP server on 127.0.0.1 and what it has received."""
    mailbox = Mailbox()
    await mailbox.open()
    yield mailbox
    await mailbox.close()
