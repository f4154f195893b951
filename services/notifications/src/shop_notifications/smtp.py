"""Mail by SMTP."""

from __future__ import annotations

import ssl

import aiosmtplib
from pydantic import SecretStr

from .message import Message
from .sink import SinkUnavailable, Undeliverable

__all__ = ["SmtpSink"]


class SmtpSink:
    """Sends each message as a mail over a connection of its own.

    SMTP cannot be exactly-once: when the connection breaks between the end of the text and the server's answer,
    nobody can tell whether the mail is on its way. It is sent again then, with the same Message-ID, by which mail
    servers and readers recognise the copy.

    Args:
        host: The mail server.
        port: Its port.
        sender: Mail address that messages come from.
        username: For a server that wants a login.
        password: For a server that wants a login.
        starttls: Refuse to talk in the clear.
        timeout_seconds: Longest wait for any answer.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        username: str | None = None,
        password: SecretStr | None = None,
        starttls: bool = False,
        timeout_seconds: float = 10.0,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._username = username
        self._password = password
        self._starttls = starttls
        self._timeout_seconds = timeout_seconds

    async def send(self, message: Message) -> None:
        """Send the mail.

        Raises:
            SinkUnavailable: The server is not there, too slow or said "later" (4xx).
            Undeliverable: The server refused the mail for good (5xx), or it cannot be written as a mail.
        """
        try:
            mail = message.as_email(self._sender).as_bytes()
        except ValueError as error:
            raise Undeliverable(f"{message.message_id} is no valid mail: {error}") from error
        try:
            await aiosmtplib.send(
                mail,
                sender=self._sender,
                recipients=[message.recipient],
                hostname=self._host,
                port=self._port,
                username=self._username,
                password=self._password.get_secret_value() if self._password else None,
                start_tls=self._starttls,
                tls_context=ssl.create_default_context() if self._starttls else None,
                timeout=self._timeout_seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _verdict(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _verdict(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise SinkUnavailable(f"{self._host}:{self._port}: {error}") from error


def _verdict(answer: aiosmtplib.SMTPResponseException) -> SinkUnavailable | Undeliverable:
    said = f"{answer.code} {answer.message}"
    # a refused greeting, login or sender is ours to repair, not this message's fault: keep trying
    about_the_message = isinstance(answer, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
    if about_the_message and 500 <= answer.code < 600:
        return Undeliverable(said)
    return SinkUnavailable(said)
