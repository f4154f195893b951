"""The wire format: an event and its envelope as stream fields."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway import Event, PublishError
from sluiceway.wire import KNOWN, encode, flat, text

TEXTS = st.text(st.characters(codec="utf-8"))


class OrderCreated(Event, type="ORDER_CREATED"):
    order_id: str
    note: str = ""


class OrderCreatedAgain(Event, type="ORDER_CREATED", version=2):
    order_id: str


class Abstract(Event):
    order_id: str


def fields_of(event: Event, **envelope: str) -> dict[Any, Any]:
    return dict(zip(*encode(event, "e", "c", **envelope), strict=True))


def test_an_event_without_more_to_say_has_four_fields() -> None:
    assert fields_of(OrderCreated(order_id="7")) == {
        b"id": "e",
        b"type": "ORDER_CREATED",
        b"payload": b'{"orderId":"7","note":""}',
        b"correlationId": "c",
    }


def test_what_says_something_is_written() -> None:
    fields = fields_of(OrderCreatedAgain(order_id="7"), causation_id="cause", traceparent="trace", key="k")

    assert fields[b"causationId"] == "cause"
    assert fields[b"traceparent"] == "trace"
    assert fields[b"key"] == b"k"
    assert fields[b"version"] == "2"
    assert set(fields) <= KNOWN


def test_an_event_without_a_type_is_refused_with_what_to_do() -> None:
    with pytest.raises(PublishError, match=r'declare it as class Abstract\(Event, type="…"\)'):
        encode(Abstract(order_id="7"), "e", "c")


def test_a_key_that_is_no_text_is_refused_with_its_value() -> None:
    with pytest.raises(PublishError, match="key=7: must be text"):
        encode(OrderCreated(order_id="7"), "e", "c", key=7)  # type: ignore[arg-type]


@given(TEXTS, TEXTS)
def test_a_payload_comes_back_as_it_was(order_id: str, note: str) -> None:
    event = OrderCreated(order_id=order_id, note=note)

    assert OrderCreated.decode(fields_of(event)[b"payload"]) == event


@given(st.binary())
def test_any_bytes_can_be_shown_as_text(value: bytes) -> None:
    assert isinstance(text(value), str)


@given(TEXTS)
def test_text_is_shown_as_it_is(value: str) -> None:
    assert text(value.encode()) == value


def test_a_missing_field_is_no_text() -> None:
    assert text(None) == ""


def test_fields_can_be_had_as_redis_takes_them() -> None:
    assert flat(((b"type", b"payload"), ["ITEM", b"{}"])) == [b"type", "ITEM", b"payload", b"{}"]
