"""What the outside world remembers: the same cases for books in files and books in the event store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.shop import entries, order_created, payments_app, served

from shop_events.books import Books, BooksUnavailable
from shop_events.record import Record
from shop_events.store_books import StoreBooks
from sluiceway import Publisher
from sluiceway.embedded import EmbeddedServer


@pytest.fixture(params=["file", "store"])
def make_books(request: pytest.FixtureRequest, tmp_path: Path, client: redis.asyncio.Redis) -> Callable[..., Books]:
    def make(**options: Any) -> Books:
        return Record(tmp_path, **options) if request.param == "file" else StoreBooks(client, "books", **options)

    return make


async def lines_of(books: Books) -> list[dict[str, Any]]:
    if isinstance(books, Record):
        return list(books)
    assert isinstance(books, StoreBooks)
    return [line async for line in books.lines()]


async def test_the_first_line_of_a_key_stands(make_books: Callable[..., Books]) -> None:
    books = make_books()

    first = await books.remember("event-1", lambda: {"outcome": "approved"})
    second = await books.remember("event-1", lambda: {"outcome": "declined"})

    assert first == second == {"key": "event-1", "outcome": "approved"}
    assert await lines_of(books) == [first]


async def test_those_who_bring_one_key_at_once_agree(make_books: Callable[..., Books]) -> None:
    books = make_books()

    outcomes = await asyncio.gather(*(books.remember("event-1", partial(dict, by=number)) for number in range(20)))

    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len(await lines_of(books)) == 1


async def test_without_deduplication_each_call_is_a_line(make_books: Callable[..., Books]) -> None:
    books = make_books(deduplicate=False)

    for number in (1, 2):
        await books.remember("event-1", partial(dict, n=number))

    assert [line["n"] for line in await lines_of(books)] == [1, 2]


async def test_books_that_cannot_be_written_say_so(own_server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "blocked").mkdir()
    file_books = Record(tmp_path / "blocked")
    (tmp_path / "blocked").rmdir()
    async with redis.asyncio.Redis.from_url(own_server.url, retry=None) as gone:
        own_server.stop()
        for books in (file_books, StoreBooks(gone, "books")):
            with pytest.raises(BooksUnavailable):
                await books.remember("event-1", dict)


async def test_payments_on_two_hosts_share_the_books_in_the_event_store(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    books = StoreBooks(client, "payment-provider")
    async with (
        served(payments_app(server.url, tmp_path / "host-1", record="store")),
        served(payments_app(server.url, tmp_path / "host-2", record="store")),
        Publisher(server.url, stream="orders") as publisher,
    ):
        receipts = [await publisher.publish(order_created(f"order-{number}")) for number in range(6)]
        await eventually(lambda: _settled(client, 6))

    assert sorted([line["key"] async for line in books.lines()]) == sorted(receipt.event_id for receipt in receipts)


async def _settled(client: redis.asyncio.Redis, count: int) -> bool:
    payments = await entries(client, "payments")
    return len({json.loads(fields[b"payload"])["orderId"] for _, fields in payments}) == count
