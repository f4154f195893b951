"""`sluiceway publish` on real servers."""

from pathlib import Path

import redis.asyncio
from tests.support.cli import sluiceway
from tests.support.conditions import full
from tests.support.entries import entries

from sluiceway.embedded import EmbeddedServer

MODEL = "from sluiceway import Event\n\n\nclass Order(Event, type='ORDER'):\n    order_id: str\n    pieces: int = 1\n"


async def test_an_event_is_appended_and_its_receipt_printed(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    receipt = sluiceway(
        server.url, "publish", "orders", "ORDER", '{"orderId": "7"}',
        "--key", "k", "--event-id", "e-1", "--correlation-id", "c-1", "--version", "2", "--json",
    ).document  # fmt: skip

    [(entry_id, fields)] = await entries(client, "orders")
    assert fields == {
        b"id": b"e-1",
        b"type": b"ORDER",
        b"payload": b'{"orderId": "7"}',
        b"correlationId": b"c-1",
        b"key": b"k",
        b"version": b"2",
    }
    assert receipt == {
        "stream": "orders",
        "type": "ORDER",
        "entry_id": entry_id,
        "event_id": "e-1",
        "correlation_id": "c-1",
    }


async def test_a_payload_can_come_from_standard_input(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    ended = sluiceway(server.url, "publish", "orders", "ORDER", "-", given='{"orderId": "Größe"}\n')

    [(entry_id, fields)] = await entries(client, "orders")
    assert fields[b"payload"].decode() == '{"orderId": "Größe"}\n'
    assert ended.rows[0][:3] == ["orders", "ORDER", entry_id]


async def test_an_event_is_checked_with_its_model_before_it_is_sent(
    server: EmbeddedServer, client: redis.asyncio.Redis, tmp_path: Path
) -> None:
    (tmp_path / "desk.py").write_text(MODEL)
    publish = ("publish", "orders", "ORDER", "-", "--model", "desk:Order")

    sluiceway(server.url, *publish, given='{"pieces": 2}', cwd=tmp_path).failed(2, "orderId: Field required")
    assert not await client.exists("orders")

    assert sluiceway(server.url, *publish, given='{"orderId": "7"}', cwd=tmp_path).code == 0
    [(_, fields)] = await entries(client, "orders")
    assert fields[b"payload"] == b'{"orderId":"7","pieces":1}'


def test_input_that_is_no_json_is_refused(server: EmbeddedServer) -> None:
    sluiceway(server.url, "publish", "orders", "ORDER", "-", given=b'{"a": "\xff"}').failed(2, "no valid JSON")


async def test_a_key_that_is_no_stream_is_told(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    await client.set("orders", "text")

    sluiceway(server.url, "publish", "orders", "ORDER").failed(1, "orders", "WRONGTYPE")


def test_a_full_server_is_told_as_something_that_may_pass(own_server: EmbeddedServer) -> None:
    with full(own_server):
        sluiceway(own_server.url, "publish", "orders", "ORDER").failed(3, "cannot take it now", "maxmemory")
