"""The shop's services inside a test: put together as in production, served on a free port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import redis.asyncio
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

import shop_notifications
import shop_orders
import shop_payments
from shop_events import OrderCreated, OrderItem
from shop_notifications.sink import MessageSink
from shop_payments.provider import PaymentProvider
from sluiceway import Event, RedisSettings

ORDER: dict[str, Any] = {"customerId": "customer-1", "items": [{"productId": "mug", "quantity": 2}]}

Client = TestClient[web.Request, web.Application]


def order_created(order_id: str = "order-1", quantity: int = 2) -> OrderCreated:
    return OrderCreated(
        order_id=order_id,
        customer_id="customer-1",
        items=(OrderItem(product_id="mug", quantity=quantity),),
    )


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[Client]:
    """Serve an application and yield a client of it."""
    async with TestClient(TestServer(app)) as client:
        yield client


def orders_app(url: str, **settings: Any) -> web.Application:
    return shop_orders.create_app(shop_orders.Settings(redis=store(url), **settings))


def payments_app(url: str, books: Path, *, provider: PaymentProvider | None = None, **settings: Any) -> web.Application:
    """The payments service with a provider that is prompt and approves everything, unless told otherwise."""
    settings = {"decline_rate": 0.0, "latency_seconds": 0.0, "lease_seconds": 1.0, **settings}
    return shop_payments.create_app(
        shop_payments.Settings(redis=store(url), record_directory=books, **settings), provider
    )


def notifications_app(url: str, messages: Path, *, sink: MessageSink | None = None, **settings: Any) -> web.Application:
    """The notifications service, its messages in a file unless told otherwise."""
    return shop_notifications.create_app(
        shop_notifications.Settings(
            redis=store(url), **{"sink": "file", "record_directory": messages, "lease_seconds": 1.0, **settings}
        ),
        sink,
    )


def store(url: str) -> RedisSettings:
    return RedisSettings(url=url)


async def events(client: redis.asyncio.Redis, stream: str, *kinds: type[Event]) -> list[Event]:
    """The events of some kinds in a stream, oldest first."""
    by_type = {kind.event_type.encode(): kind for kind in kinds}
    return [
        by_type[fields[b"type"]].decode(fields[b"payload"])
        for _, fields in await entries(client, stream)
        if fields[b"type"] in by_type
    ]


async def entries(client: redis.asyncio.Redis, stream: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """All entries of a stream, oldest first."""
    found: Any = await client.xrange(stream)
    return list(found)


async def problem(response: ClientResponse, status: int) -> dict[str, Any]:
    """The problem document that a response has to be."""
    assert response.status == status, await response.text()
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = await response.json()
    assert document["status"] == status
    assert document["title"]
    return document
