"""Many events in one call: what each is called, and what is refused."""

from typing import Any

import pytest
import redis.asyncio

from sluiceway import ConfigurationError, Event, Publisher
from sluiceway.embedded import EmbeddedServer


class OrderCreated(Event, type="ORDER_CREATED"):
    order_id: str


ORDERS = [OrderCreated(order_id=each) for each in ("A-1", "A-2")]


async def test_events_have_the_ids_and_keys_that_they_are_given(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    async with Publisher(server.url, stream="orders") as publisher:
        receipts = await publisher.publish_many(ORDERS, keys=["alice", "bob"], event_ids=["one", "two"])

    entries: Any = await client.xrange("orders")
    fields = [fields for _, fields in entries]
    assert [receipt.event_id for receipt in receipts] == ["one", "two"]
    assert [(each[b"id"], each[b"key"]) for each in fields] == [(b"one", b"alice"), (b"two", b"bob")]


@pytest.mark.parametrize("option", ["keys", "event_ids"])
async def test_a_list_of_another_length_is_refused_before_anything_is_published(
    server: EmbeddedServer, client: redis.asyncio.Redis, option: str
) -> None:
    async with Publisher(server.url, stream="orders") as publisher:
        with pytest.raises(ConfigurationError, match=f"2 events but 1 {option}"):
            await publisher.publish_many(ORDERS, **{option: ["one"]})

    assert await client.exists("orders") == 0
