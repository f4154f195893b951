"""When the event store cannot take an order the customer is asked to come back: no 500, no hang, no empty promise."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import redis
import redis.asyncio
from aiohttp import ClientResponse
from tests.support.conditions import full, read_only
from tests.support.eventually import eventually
from tests.support.proxy import FaultProxy
from tests.support.shop import ORDER, Client, entries, notifications_app, orders_app, payments_app, problem, served

from sluiceway.embedded import EmbeddedServer

KEY = {"Idempotency-Key": "basket-1"}
LIMIT_SECONDS = 1.0
"""What the service allows the store for an answer in these tests."""
MARGIN_SECONDS = 4.0
"""For a busy machine."""


async def post(shop: Client) -> ClientResponse:
    return await shop.post("/orders", json=ORDER)


async def post_with_key(shop: Client) -> ClientResponse:
    return await shop.post("/orders", json=ORDER, headers=KEY)


async def get(shop: Client) -> ClientResponse:
    return await shop.get("/orders/order-1")


requests = pytest.mark.parametrize("request_once", [post, post_with_key, get])
posts = pytest.mark.parametrize("request_once", [post, post_with_key])
Request = Callable[[Client], Awaitable[ClientResponse]]


async def refused(shop: Client, request_once: Request) -> None:
    began = time.monotonic()
    response = await request_once(shop)

    document = await problem(response, 503)
    assert document["type"] == "urn:problem:store-unavailable"
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert time.monotonic() - began < LIMIT_SECONDS + MARGIN_SECONDS


@requests
async def test_a_store_that_does_not_answer_is_not_waited_for(server: EmbeddedServer, request_once: Request) -> None:
    async with (
        FaultProxy(server.url) as proxy,
        served(orders_app(proxy.url, request_timeout_seconds=LIMIT_SECONDS)) as shop,
    ):
        await accepted_again(shop)
        proxy.blackhole()

        await refused(shop, request_once)

        proxy.heal()
        await accepted_again(shop)


@requests
async def test_a_store_that_was_never_there_is_reported(request_once: Request) -> None:
    async with served(orders_app("redis://127.0.0.1:1/0", request_timeout_seconds=LIMIT_SECONDS)) as shop:
        await refused(shop, request_once)


@requests
async def test_a_store_that_was_killed_is_reported_and_used_again_once_it_is_back(
    own_server: EmbeddedServer, request_once: Request
) -> None:
    async with served(orders_app(own_server.url, request_timeout_seconds=LIMIT_SECONDS)) as shop:
        accepted = await accepted_again(shop)
        own_server.kill()

        await refused(shop, request_once)

        own_server.start()
        await accepted_again(shop)
        known = await shop.get(accepted.headers["Location"])
        assert known.status == 200


@posts
async def test_a_read_only_store_takes_no_order_but_tells_of_those_it_has(
    own_server: EmbeddedServer, request_once: Request
) -> None:
    async with served(orders_app(own_server.url, request_timeout_seconds=LIMIT_SECONDS)) as shop:
        accepted = await accepted_again(shop)
        with read_only(own_server):
            await refused(shop, request_once)
            assert (await shop.get(accepted.headers["Location"])).status == 200

        await accepted_again(shop)


@posts
async def test_a_stream_of_the_wrong_type_takes_no_order(
    server: EmbeddedServer, client: redis.asyncio.Redis, request_once: Request
) -> None:
    await client.set("orders", "no stream")

    async with served(orders_app(server.url, request_timeout_seconds=LIMIT_SECONDS)) as shop:
        await refused(shop, request_once)


async def test_a_wrong_password_is_reported(own_server: EmbeddedServer) -> None:
    with redis.Redis.from_url(own_server.url) as client:
        client.config_set("requirepass", "s3cret")

    async with served(orders_app(own_server.url, request_timeout_seconds=LIMIT_SECONDS)) as shop:
        await refused(shop, post)


@posts
async def test_a_full_store_takes_no_order_while_all_that_were_accepted_are_settled(
    own_server: EmbeddedServer, request_once: Request, tmp_path: Path
) -> None:
    async with served(orders_app(own_server.url)) as shop:
        places = [(await accepted_again(shop)).headers["Location"] for _ in range(20)]
        with full(own_server):
            await refused(shop, request_once)
            async with (
                served(payments_app(own_server.url, tmp_path / "books")),
                served(notifications_app(own_server.url, tmp_path / "messages")),
            ):
                await eventually(lambda: all_told(shop, places), within_seconds=60)
            await refused(shop, request_once)

        await accepted_again(shop)


async def test_an_order_that_was_refused_is_not_in_the_stream(
    own_server: EmbeddedServer,
) -> None:
    async with served(orders_app(own_server.url)) as shop:
        with full(own_server):
            await refused(shop, post)

        async with redis.asyncio.Redis.from_url(own_server.url) as client:
            assert await entries(client, "orders") == []


async def accepted_again(shop: Client) -> ClientResponse:
    """Order as a customer does who comes back when told to."""

    async def attempt() -> ClientResponse | None:
        response = await post(shop)
        return response if response.status == 202 else None

    accepted = await eventually(attempt)
    assert accepted is not None
    return accepted


async def all_told(shop: Client, places: list[str]) -> bool:
    states = await asyncio.gather(*(state(shop, place) for place in places))
    return all(known["status"] == "paid" and known["notifiedAt"] for known in states)


async def state(shop: Client, place: str) -> dict[str, object]:
    known: dict[str, object] = await (await shop.get(place)).json()
    return known
