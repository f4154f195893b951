"""An AsyncAPI document says what services declare, and is valid."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft7Validator
from pydantic import BaseModel
from tests.support.asyncapi import faults

from sluiceway import Batch, ConfigurationError, Context, Event, Service
from sluiceway.asyncapi import document


class Line(BaseModel):
    product_id: str


class Ordered(Event, type="ORDERED"):
    """Somebody ordered.

    More about it.
    """

    order_id: str
    lines: tuple[Line, ...] = ()


class OrderedAgain(Event, type="ORDERED", version=2):
    order_id: str


class Paid(Event, type="PAID"):
    order_id: str


class Declined(Event, type="payment declined/for good"):
    order_id: str


def payments() -> Service:
    service = Service("payments", "redis://user:secret@127.0.0.1", group="cashiers")

    @service.on(Ordered, stream="shop:orders", publishes="payments")
    async def charge(order: Ordered, context: Context) -> Paid | list[Declined] | None: ...

    @service.on(OrderedAgain, stream="shop:orders", publishes="payments")
    async def charge_again(order: OrderedAgain) -> tuple[Paid, ...]:
        return (Paid(order_id=order.order_id),)

    return service


def orders() -> Service:
    service = Service("orders", "redis://127.0.0.1")

    @service.on(Paid, Declined, stream="payments", batch=10)
    async def note(batch: Batch[Paid | Declined]) -> None: ...

    service.publisher("shop:orders", events=[Ordered])
    service.publisher("audit")
    return service


def made(*services: Service) -> dict[str, Any]:
    return document(services, title="Shop", version="2.1.0")


def test_the_document_is_valid() -> None:
    assert faults(made(payments(), orders())) == []


def test_the_official_schema_and_the_references_are_looked_at() -> None:
    broken = made(payments())
    broken["operations"]["payments.receive.shop-orders"]["action"] = "eat"
    broken["channels"]["payments"]["messages"]["PAID"] = {"$ref": "#/components/messages/NONE"}

    told = faults(broken)

    assert any(fault.startswith("operations/payments.receive.shop-orders") for fault in told)
    assert "#/components/messages/NONE leads nowhere" in told


def test_streams_are_channels_with_every_message_on_them() -> None:
    channels = made(payments(), orders())["channels"]

    assert {name: channel["address"] for name, channel in channels.items()} == {
        "shop-orders": "shop:orders",
        "payments": "payments",
        "audit": "audit",
    }
    assert list(channels["shop-orders"]["messages"]) == ["ORDERED", "ORDERED.v2"]
    assert list(channels["payments"]["messages"]) == ["PAID", "payment-declined-for-good"]
    assert channels["audit"]["messages"] == {}
    assert all(channel["bindings"] == {"redis": {}} for channel in channels.values())


def test_each_service_has_one_operation_a_stream_and_direction() -> None:
    operations = made(payments(), orders())["operations"]

    assert {name: operation["action"] for name, operation in operations.items()} == {
        "payments.receive.shop-orders": "receive",
        "payments.send.payments": "send",
        "orders.receive.payments": "receive",
        "orders.send.shop-orders": "send",
        "orders.send.audit": "send",
    }
    received = operations["payments.receive.shop-orders"]
    assert received["messages"] == [
        {"$ref": "#/channels/shop-orders/messages/ORDERED"},
        {"$ref": "#/channels/shop-orders/messages/ORDERED.v2"},
    ]
    assert received["x-sluiceway-group"] == "cashiers"
    assert received["x-sluiceway-dead-letters"] == "{shop:orders}.cashiers.dead"
    assert [name.rpartition(".")[2] for name in received["x-sluiceway-handlers"]] == ["charge", "charge_again"]
    assert received["tags"] == [{"name": "payments"}]


def test_what_a_handler_is_annotated_to_return_is_sent_each_event_once() -> None:
    assert made(payments())["operations"]["payments.send.payments"]["messages"] == [
        {"$ref": "#/channels/payments/messages/PAID"},
        {"$ref": "#/channels/payments/messages/payment-declined-for-good"},
    ]


def test_payloads_are_schemas_in_the_words_of_the_wire() -> None:
    components = made(payments())["components"]

    message = components["messages"]["ORDERED"]
    assert (message["name"], message["title"], message["summary"]) == ("ORDERED", "Ordered", "Somebody ordered.")
    assert message["payload"] == {"$ref": "#/components/schemas/Ordered"}
    schema = components["schemas"]["Ordered"]
    assert list(schema["properties"]) == ["orderId", "lines"]
    assert schema["required"] == ["orderId"]
    assert schema["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/Line"}


@pytest.mark.parametrize(
    ("fields", "fit"),
    [
        ({"type": "ORDERED", "version": "2"}, True),
        ({"type": "ORDERED", "version": "2", "correlationId": "7", "shade": "blue"}, True),
        ({"type": "ORDERED"}, False),
        ({"type": "PAID", "version": "2"}, False),
        ({"type": "ORDERED", "version": "2", "traceparent": "no trace"}, False),
    ],
)
def test_headers_are_the_other_fields_of_an_entry(fields: dict[str, str], *, fit: bool) -> None:
    whole = made(payments())
    headers = {**whole["components"]["messages"]["ORDERED.v2"]["headers"], "components": whole["components"]}

    assert Draft7Validator(headers).is_valid(fields) is fit


def test_the_correlation_id_is_a_header() -> None:
    components = made(payments())["components"]

    assert components["messages"]["PAID"]["correlationId"] == {"$ref": "#/components/correlationIds/correlationId"}
    assert components["correlationIds"]["correlationId"]["location"] == "$message.header#/correlationId"


def test_streams_whose_names_differ_only_in_what_a_key_may_not_hold_stay_apart() -> None:
    service = Service("payments", "redis://127.0.0.1")
    service.publisher("a:b")
    service.publisher("a/b")

    assert {name: channel["address"] for name, channel in made(service)["channels"].items()} == {
        "a-b": "a:b",
        "a-b-2": "a/b",
    }


def test_a_service_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="two services are named payments"):
        made(payments(), payments())


def test_nothing_of_the_server_is_told() -> None:
    assert "secret" not in str(made(payments()))
