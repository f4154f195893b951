"""The orders service as its customers see it."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from aiohttp import ClientResponse, FormData
from jsonschema import Draft202012Validator
from tests.support.shop import ORDER, Client, entries, orders_app, problem, served

from shop_events import OrderCreated
from sluiceway.embedded import EmbeddedServer

JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture
async def shop(server: EmbeddedServer) -> AsyncIterator[Client]:
    async with served(orders_app(server.url)) as client:
        yield client


async def test_an_accepted_order_is_in_the_stream_under_its_own_key_and_flow(
    shop: Client, client: redis.asyncio.Redis
) -> None:
    response = await shop.post("/orders", json=ORDER, headers={"X-Correlation-Id": "flow-7"})

    assert response.status == 202
    accepted = await response.json()
    assert response.headers["Location"] == f"/orders/{accepted['orderId']}"
    assert accepted["correlationId"] == response.headers["X-Correlation-Id"] == "flow-7"
    ((_, fields),) = await entries(client, "orders")
    assert fields[b"type"] == b"ORDER_CREATED"
    assert fields[b"key"].decode() == accepted["orderId"]
    assert fields[b"correlationId"] == b"flow-7"
    assert OrderCreated.decode(fields[b"payload"]).order_id == accepted["orderId"]


async def test_two_orders_without_a_key_are_two_orders(shop: Client) -> None:
    first, second = [await (await shop.post("/orders", json=ORDER)).json() for _ in range(2)]

    assert first["orderId"] != second["orderId"]
    assert first["correlationId"] != second["correlationId"]


async def test_an_order_can_be_asked_for_as_soon_as_it_is_accepted(shop: Client) -> None:
    accepted = await shop.post("/orders", json=ORDER)

    response = await shop.get(accepted.headers["Location"])

    assert response.status == 200
    state = await response.json()
    assert (state["status"], state["customerId"], state["items"]) == ("created", "customer-1", ORDER["items"])
    assert state["payment"] is None


async def test_a_burst_of_orders_is_accepted_to_the_last(shop: Client, client: redis.asyncio.Redis) -> None:
    responses = await asyncio.gather(*(shop.post("/orders", json=ORDER) for _ in range(200)))

    assert {response.status for response in responses} == {202}
    assert await client.xlen("orders") == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": [{"productId": "mug", "quantity": -2}]}, "items[0].quantity"),
        ({"items": []}, "items"),
        ({"coupon": "free"}, "coupon"),
        ({"customerId": 7}, "customerId"),
    ],
)
async def test_a_bad_order_is_refused_with_the_field_named_and_nothing_is_published(
    shop: Client, client: redis.asyncio.Redis, change: dict[str, Any], field: str
) -> None:
    response = await shop.post("/orders", json={**ORDER, **change})

    document = await problem(response, 422)
    assert [(error["field"], error["value"]) for error in document["errors"]] == [(field, change.get(field, -2))]
    assert await client.xlen("orders") == 0


@pytest.mark.parametrize("body", [b"", b"{", b'{"customerId": "\xff"}'], ids=["empty", "cut off", "no UTF-8"])
async def test_a_body_that_is_no_json_is_refused(shop: Client, body: bytes) -> None:
    document = await problem(await shop.post("/orders", data=body, headers=JSON), 400)

    assert "JSON" in document["detail"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"customerId": "' + b"x" * 10_000_000 + b'"}', id="10 MB"),
        pytest.param(b"[" + b'{"productId":"mug","quantity":1},' * 300_000 + b"0]", id="10 MB of items"),
    ],
)
async def test_a_body_that_is_too_long_is_refused(shop: Client, body: bytes) -> None:
    document = await problem(await shop.post("/orders", data=io.BytesIO(body), headers=JSON), 413)

    assert "65536" in document["detail"]


async def test_a_body_that_is_small_only_while_compressed_is_refused(shop: Client) -> None:
    body = gzip.compress(b'{"customerId": "' + b"x" * 10_000_000 + b'"}')

    await problem(await shop.post("/orders", data=body, headers={**JSON, "Content-Encoding": "gzip"}), 413)


async def test_a_compressed_order_is_an_order(shop: Client) -> None:
    body = gzip.compress(json.dumps(ORDER).encode())

    response = await shop.post("/orders", data=body, headers={**JSON, "Content-Encoding": "gzip"})

    assert response.status == 202


async def test_a_body_of_another_kind_is_refused(shop: Client) -> None:
    document = await problem(await shop.post("/orders", data=FormData({"customerId": "c1"})), 415)

    assert "application/json" in document["detail"]
    assert "x-www-form-urlencoded" in document["detail"]


async def test_a_method_that_a_path_does_not_know_is_refused_with_those_it_knows(shop: Client) -> None:
    response = await shop.put("/orders", json=ORDER)

    await problem(response, 405)
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/orders/no-such-order", "/orders/%00%0a", "/orders/" + "x" * 5000, "/elsewhere"])
async def test_what_does_not_exist_is_not_found(shop: Client, path: str) -> None:
    await problem(await shop.get(path), 404)


async def test_an_error_carries_the_correlation_id_too(shop: Client) -> None:
    response = await shop.post("/orders", json={}, headers={"X-Correlation-Id": "flow-7"})

    assert (response.status, response.headers["X-Correlation-Id"]) == (422, "flow-7")


async def test_a_body_that_does_not_arrive_is_not_waited_for(server: EmbeddedServer) -> None:
    async with served(orders_app(server.url, request_timeout_seconds=0.3)) as shop:
        reader, writer = await asyncio.open_connection(shop.host, shop.port)
        writer.write(
            b"POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )

        status = await asyncio.wait_for(reader.readline(), 10)
        writer.close()

    assert status.split()[1] == b"408"


async def test_an_order_can_still_be_asked_for_after_a_restart(server: EmbeddedServer) -> None:
    async with served(orders_app(server.url)) as shop:
        accepted = await shop.post("/orders", json=ORDER)
        before = await (await shop.get(accepted.headers["Location"])).json()

    async with served(orders_app(server.url)) as shop:
        after = await (await shop.get(accepted.headers["Location"])).json()

    assert after == before


async def test_shops_with_different_prefixes_do_not_see_each_other(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async with (
        served(orders_app(server.url, stream_prefix="one:")) as one,
        served(orders_app(server.url, stream_prefix="two:")) as two,
    ):
        headers = {"Idempotency-Key": "k1"}
        accepted = await one.post("/orders", json=ORDER, headers=headers)
        await problem(await two.get(accepted.headers["Location"]), 404)
        other = await two.post("/orders", json=ORDER, headers=headers)

    assert other.headers["Location"] != accepted.headers["Location"]
    keys: Any = await client.keys()
    assert {key.decode().lstrip("{").partition(":")[0] for key in keys} == {"one", "two"}


async def test_every_answer_is_as_the_openapi_document_says(shop: Client) -> None:
    document = await (await shop.get("/openapi.json")).json()
    accepted = await shop.post("/orders", json=ORDER)
    answers = [
        ("/orders", "post", accepted),
        ("/orders", "post", await shop.post("/orders", json={"items": [{"quantity": "x"}], "coupon": 1})),
        ("/orders", "post", await shop.post("/orders", data=b"{", headers=JSON)),
        ("/orders", "post", await shop.post("/orders", data=b"{}")),
        ("/orders/{orderId}", "get", await shop.get(accepted.headers["Location"])),
        ("/orders/{orderId}", "get", await shop.get("/orders/unknown")),
    ]

    assert [answer.status for _, _, answer in answers] == [202, 422, 400, 415, 200, 404]
    for path, method, answer in answers:
        await assert_documented(document, path, method, answer)


async def assert_documented(document: dict[str, Any], path: str, method: str, answer: ClientResponse) -> None:
    described = document["paths"][path][method]["responses"][str(answer.status)]
    schema = {**described["content"][answer.content_type]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(await answer.json())
    assert all(name in answer.headers for name in described.get("headers", {}))
