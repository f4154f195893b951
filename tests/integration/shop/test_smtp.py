"""Mail over SMTP, against a real server."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.mail import Mailbox

from shop_events import PaymentFailed
from shop_notifications.message import Message, compose
from shop_notifications.sink import SinkUnavailable, Undeliverable
from shop_notifications.smtp import SmtpSink


def message(order_id: str = "order-1") -> Message:
    payment = PaymentFailed(order_id=order_id, customer_id="customer-1", reason="card declined")
    return compose(payment, mail_domain="shop.example")


def sink(port: int, timeout_seconds: float = 10.0) -> SmtpSink:
    return SmtpSink("127.0.0.1", port, sender="orders@shop.example", timeout_seconds=timeout_seconds)


async def test_a_customer_gets_the_mail(mailbox: Mailbox) -> None:
    await sink(mailbox.port).send(message())

    (mail,) = mailbox.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "customer-1@shop.example",
        "orders@shop.example",
        "Order order-1 could not be paid",
    )
    assert "card declined" in mail.get_content()
    assert mailbox.recipients == [["customer-1@shop.example"]]


async def test_a_mail_that_is_sent_again_has_the_same_message_id(mailbox: Mailbox) -> None:
    await sink(mailbox.port).send(message())

    await sink(mailbox.port).send(message())

    assert mailbox.message_ids == ["<order-order-1@shop.example>"] * 2


async def test_a_long_message_id_arrives_in_one_piece(mailbox: Mailbox) -> None:
    await sink(mailbox.port).send(message("x" * 64))

    assert mailbox.message_ids == [f"<order-{'x' * 64}@shop.example>"]


async def test_mails_can_be_sent_at_the_same_time(mailbox: Mailbox) -> None:
    same = sink(mailbox.port)

    await asyncio.gather(*(same.send(message(f"order-{number}")) for number in range(20)))

    assert len(set(mailbox.message_ids)) == 20


async def test_a_connection_that_breaks_before_the_answer_leaves_open_whether_the_mail_went(mailbox: Mailbox) -> None:
    mailbox.hang_up = True
    with pytest.raises(SinkUnavailable):
        await sink(mailbox.port).send(message())
    mailbox.hang_up = False

    await sink(mailbox.port).send(message())

    first, second = mailbox.message_ids
    assert first == second, "it did go: the copy can be told by its Message-ID"


@pytest.mark.parametrize("answer", ["450 mailbox busy", "451 try again", "421 shutting down"])
async def test_a_recipient_that_is_put_off_can_be_tried_again(mailbox: Mailbox, answer: str) -> None:
    mailbox.recipient_answer = answer

    with pytest.raises(SinkUnavailable, match=answer):
        await sink(mailbox.port).send(message())


async def test_a_recipient_that_does_not_exist_is_given_up(mailbox: Mailbox) -> None:
    mailbox.recipient_answer = "550 no such user"

    with pytest.raises(Undeliverable, match="550 no such user"):
        await sink(mailbox.port).send(message())


async def test_a_text_that_is_refused_for_good_is_given_up(mailbox: Mailbox) -> None:
    mailbox.data_answer = "554 looks like spam"

    with pytest.raises(Undeliverable, match="554"):
        await sink(mailbox.port).send(message())


async def test_a_text_that_is_put_off_can_be_tried_again(mailbox: Mailbox) -> None:
    mailbox.data_answer = "452 disk full"

    with pytest.raises(SinkUnavailable, match="452"):
        await sink(mailbox.port).send(message())


async def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    with pytest.raises(SinkUnavailable, match=r"127\.0\.0\.1:1"):
        await sink(1).send(message())


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    hung_up = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silent:
        with pytest.raises(SinkUnavailable):
            await sink(silent.sockets[0].getsockname()[1], timeout_seconds=0.2).send(message())
        await hung_up.wait()


async def test_a_server_that_cannot_encrypt_gets_no_mail_where_encryption_is_demanded(mailbox: Mailbox) -> None:
    demanding = SmtpSink("127.0.0.1", mailbox.port, sender="orders@shop.example", starttls=True)

    with pytest.raises(SinkUnavailable):
        await demanding.send(message())

    assert mailbox.mails == []
