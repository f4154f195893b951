"""The sinks that need no server."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from shop_events import PaymentFailed
from shop_events.record import Record
from shop_notifications.message import compose
from shop_notifications.sink import ConsoleSink, RecordedSink, SinkUnavailable

MESSAGE = compose(PaymentFailed(order_id="o1", customer_id="c1", reason="card declined"), mail_domain="shop.example")


async def test_the_console_shows_a_message_as_one_line() -> None:
    out = io.StringIO()

    await ConsoleSink(out).send(MESSAGE)

    assert out.getvalue() == "to c1@shop.example: Order o1 could not be paid <order-o1@shop.example>\n"


async def test_the_file_has_the_whole_message(tmp_path: Path) -> None:
    record = Record(tmp_path)

    await RecordedSink(record).send(MESSAGE)

    (line,) = record
    assert line["key"] == MESSAGE.message_id
    assert (line["orderId"], line["recipient"], line["subject"], line["text"]) == (
        "o1",
        "c1@shop.example",
        MESSAGE.subject,
        MESSAGE.text,
    )


async def test_a_message_sent_again_is_in_the_file_once_also_when_another_process_sent_it(tmp_path: Path) -> None:
    await RecordedSink(Record(tmp_path)).send(MESSAGE)

    await RecordedSink(Record(tmp_path)).send(MESSAGE)

    assert len(list(Record(tmp_path))) == 1


async def test_a_file_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    sink = RecordedSink(Record(tmp_path / "messages"))
    (tmp_path / "messages").rmdir()

    with pytest.raises(SinkUnavailable):
        await sink.send(MESSAGE)
