"""The notifications service: one message for each order, whatever happens in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import redis.asyncio
from aiohttp import web
from tests.support.eventually import eventually
from tests.support.mail import Mailbox
from tests.support.processes import Programs
from tests.support.shop import entries, events, notifications_app, served

import shop_notifications
from shop_events import NotificationSent, PaymentCompleted, PaymentFailed
from shop_events.record import Record
from shop_notifications.message import Message
from sluiceway import DeadLetters, Publisher, RedisSettings
from sluiceway.embedded import EmbeddedServer


def paid(order_id: str = "order-1") -> PaymentCompleted:
    return PaymentCompleted(order_id=order_id, customer_id="customer-1", payment_id="pay-1", amount_cents=2000)


def failed(order_id: str = "order-1") -> PaymentFailed:
    return PaymentFailed(order_id=order_id, customer_id="customer-1", reason="card declined")


class Seen:
    """A sink that keeps what it is given, and can be held up."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        await self.may_go_on.wait()


async def test_a_payment_becomes_a_message_and_an_event_that_says_so(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    async with served(notifications_app(server.url, tmp_path)):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(paid("order-1"), correlation_id="flow-1")
            await publisher.publish(failed("order-2"), correlation_id="flow-2")
        await eventually(lambda: has_length(client, "notifications", 2))

    subjects = {line["orderId"]: line["subject"] for line in Record(tmp_path)}
    assert subjects == {"order-1": "Order order-1 is paid", "order-2": "Order order-2 could not be paid"}
    told = await events(client, "notifications", NotificationSent)
    assert sorted(told, key=str) == [
        NotificationSent(order_id=order, customer_id="customer-1", message_id=f"<order-{order}@shop.example>")
        for order in ("order-1", "order-2")
    ]
    flows = {fields[b"correlationId"] for _, fields in await entries(client, "notifications")}
    assert flows == {b"flow-1", b"flow-2"}


async def test_a_second_event_about_an_order_makes_no_second_message(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    sink = Seen()
    async with served(notifications_app(server.url, tmp_path, sink=sink)):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(paid("order-1"), event_id="event-1")
            await eventually(lambda: has_length(client, "notifications", 1))
            await publisher.publish(paid("order-1"), event_id="event-1")
            await publisher.publish(paid("order-1"), event_id="event-2")
            await publisher.publish(failed("order-1"), event_id="event-3")
            await publisher.publish(paid("order-2"), event_id="event-4")
        await eventually(lambda: nothing_left(client))

    assert sorted(message.order_id for message in sink.messages) == ["order-1", "order-2"]
    assert await client.xlen("notifications") == 2


async def test_a_second_event_that_comes_while_the_first_is_being_sent_waits_and_sends_nothing(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    sink = Seen()
    sink.may_go_on.clear()
    async with served(notifications_app(server.url, tmp_path, sink=sink)):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(failed("order-1"), event_id="event-1")
            await eventually(lambda: sink.messages)
            await publisher.publish(paid("order-1"), event_id="event-2")
            await eventually(lambda: client.exists("{payments}:sluiceway:notifications:retry"))
        sink.may_go_on.set()
        await eventually(lambda: nothing_left(client), within_seconds=60)

    assert [message.subject for message in sink.messages] == ["Order order-1 could not be paid"]


async def test_without_deduplication_every_event_makes_a_message(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    async with served(notifications_app(server.url, tmp_path, deduplicate=False)):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(paid("order-1"), event_id="event-1")
            await publisher.publish(paid("order-1"), event_id="event-2")
        await eventually(lambda: has_length(client, "notifications", 2))

    assert [line["orderId"] for line in Record(tmp_path)] == ["order-1", "order-1"]


async def test_a_process_killed_between_the_message_and_the_commit_leaves_one_message(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path, programs: Programs
) -> None:
    messages = tmp_path / "messages"
    stuck = programs.script(STUCK_AFTER_SENDING, env=environment(server, messages))
    async with Publisher(server.url, stream="payments") as publisher:
        for number in range(10):
            await publisher.publish(paid(f"order-{number}"))
    await eventually(lambda: len(list(Record(messages))) == 10, within_seconds=60)
    assert await client.xlen("notifications") == 0, "nothing was committed"
    stuck.kill()

    programs.start("-m", "shop_notifications", env=environment(server, messages))
    await eventually(lambda: has_length(client, "notifications", 10), within_seconds=60)

    assert sorted(line["orderId"] for line in Record(messages)) == [f"order-{number}" for number in range(10)]


async def test_mail_waits_for_a_mail_server_that_is_down(
    server: EmbeddedServer, client: redis.asyncio.Redis, mailbox: Mailbox
) -> None:
    await mailbox.close()
    async with served(mailing_app(server, mailbox)):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(paid())
        await eventually(lambda: client.exists("{payments}:sluiceway:notifications:retry"))
        await mailbox.open()
        await eventually(lambda: client.xlen("notifications"), within_seconds=60)

    assert mailbox.message_ids == ["<order-order-1@shop.example>"]


async def test_mail_that_may_have_gone_is_sent_again_with_the_same_message_id(
    server: EmbeddedServer, client: redis.asyncio.Redis, mailbox: Mailbox
) -> None:
    mailbox.hang_up = True
    async with served(mailing_app(server, mailbox)):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(paid())
        await eventually(lambda: mailbox.mails)
        mailbox.hang_up = False
        await eventually(lambda: client.xlen("notifications"), within_seconds=60)

    assert len(mailbox.message_ids) >= 2
    assert set(mailbox.message_ids) == {"<order-order-1@shop.example>"}


async def test_mail_that_nobody_can_get_is_a_dead_letter_that_says_why(
    server: EmbeddedServer, client: redis.asyncio.Redis, mailbox: Mailbox
) -> None:
    mailbox.recipient_answer = "550 no such user"
    async with (
        served(mailing_app(server, mailbox)),
        DeadLetters(server.url, "payments", "notifications") as letters,
    ):
        async with Publisher(server.url, stream="payments") as publisher:
            await publisher.publish(paid())
        await eventually(letters.count)
        (letter,) = [letter async for letter in letters.list()]

    assert "550 no such user" in letter.provenance["error"]
    assert await client.xlen("notifications") == 0


def mailing_app(server: EmbeddedServer, mailbox: Mailbox) -> web.Application:
    settings = shop_notifications.Settings(
        redis=RedisSettings(url=server.url), lease_seconds=1, sink="smtp", smtp_port=mailbox.port
    )
    return shop_notifications.create_app(settings)


def environment(server: EmbeddedServer, messages: Path) -> dict[str, str]:
    return {
        "NOTIFICATIONS_REDIS_URL": server.url,
        "NOTIFICATIONS_PORT": "0",
        "NOTIFICATIONS_LEASE_SECONDS": "1",
        "NOTIFICATIONS_SINK": "file",
        "NOTIFICATIONS_RECORD_DIRECTORY": str(messages),
    }


STUCK_AFTER_SENDING = """
import asyncio

import shop_notifications
from shop_events.record import Record
from shop_notifications.sink import RecordedSink
from sluiceway import run


class StuckAfterSending(RecordedSink):
    async def send(self, message):
        await super().send(message)
        await asyncio.Event().wait()


settings = shop_notifications.Settings.load()
sink = StuckAfterSending(Record(settings.record_directory))
run(lambda: shop_notifications.create_app(settings, sink), port=settings.port)
"""


async def has_length(client: redis.asyncio.Redis, stream: str, length: int) -> bool:
    return bool(await client.xlen(stream) == length)


async def nothing_left(client: redis.asyncio.Redis) -> bool:
    """Whether the group has finished every payment."""
    (group,) = await client.xinfo_groups("payments")
    return bool(group["pending"] == 0 and group["lag"] == 0)
