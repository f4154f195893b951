"""The shop in a cluster, seen from outside: a customer who orders, and a witness who reads what came of it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
from redis.exceptions import RedisError
from tests.support.eventually import eventually

from shop_demo.accounting import Account, Ledger
from shop_demo.client import Client
from shop_demo.records import RecordFollower
from shop_demo.witness import Witness
from shop_events import Streams
from sluiceway.keys import GroupKeys

__all__ = ["ClusterShop"]

_PATIENCE_SECONDS = 120
_ANSWER_SECONDS = 10
_NOT_NOW = (aiohttp.ClientError, TimeoutError, OSError)
_CONSUMES = {"payments": "orders", "notifications": "payments"}


class ClusterShop:
    """Orders over HTTP and reads streams and books over Redis.

    Args:
        orders_url: Where orders are posted.
        client: Client of the shop's server.
        nowhere: A folder that does not exist: in a cluster no books are kept in files.
    """

    def __init__(self, orders_url: str, client: Client, nowhere: Path) -> None:
        self._orders_url = orders_url
        self._client = client
        self.ledger = Ledger()
        streams = Streams()
        dead = [
            GroupKeys(stream, group).dead
            for group in ("orders", *_CONSUMES)
            for stream in (streams.orders, streams.payments, streams.notifications)
        ]
        nothing = RecordFollower(nowhere)
        self._witness = Witness(
            client, self.ledger, streams=streams, dead_letter_streams=dead, charges=nothing, messages=nothing
        )
        self._books = {"{payment-provider}": "0-0", "{messages}": "0-0"}
        self.refused = 0

    async def order(self, count: int, *, per_second: float) -> list[str]:
        """Order so often; a customer who gets no answer asks again with the same key. Returns the orders' IDs."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS)) as session,
            asyncio.TaskGroup() as customers,
        ):
            tasks = []
            for number in range(count):
                tasks.append(customers.create_task(self._one(session, number)))
                # the rate of the load, not a wait for anything
                await asyncio.sleep(1 / per_second)
        return [task.result() for task in tasks]

    async def _one(self, session: aiohttp.ClientSession, number: int) -> str:
        body = {"customerId": f"customer-{number}", "items": [{"productId": "mug", "quantity": 1}]}
        headers = {"Idempotency-Key": uuid.uuid4().hex}

        async def attempt() -> str | None:
            async with session.post(f"{self._orders_url}/orders", json=body, headers=headers) as answer:
                if answer.status != 202:
                    self.refused += 1
                    return None
                return str((await answer.json())["orderId"])

        order_id = await eventually(attempt, within_seconds=_PATIENCE_SECONDS, ignoring=_NOT_NOW)
        assert order_id is not None
        self.ledger.accept(order_id)
        return order_id

    async def account(self, orders: Iterable[str]) -> Account:
        """Wait until everything that must happen to these orders has happened, and draw the bottom line of all."""
        wanted = set(orders)

        async def settled() -> bool:
            await self._read()
            return all(self.ledger.orders[order].complete for order in wanted)

        await eventually(settled, within_seconds=_PATIENCE_SECONDS, ignoring=(RedisError, OSError))
        # what was doubled may still be on its way: nothing may be left to do
        await eventually(self._idle, within_seconds=_PATIENCE_SECONDS, ignoring=(RedisError, OSError))
        await self._read()
        return self.ledger.balance()

    async def _idle(self) -> bool:
        for service, stream in _CONSUMES.items():
            groups: Any = await self._client.xinfo_groups(stream)
            for group in groups:
                if group["name"] == service.encode() and (group["pending"] or group["lag"]):
                    return False
        return True

    async def _read(self) -> None:
        while await self._witness.read_streams(block_ms=None):
            pass
        asked: dict[Any, Any] = dict(self._books)
        reply: Any = await self._client.xread(asked, count=100_000)
        for name, entries in reply or ():
            book = name.decode()
            for entry_id, fields in entries:
                self._note(book, json.loads(fields[b"line"]))
                self._books[book] = entry_id.decode()

    def _note(self, book: str, line: dict[str, Any]) -> None:
        if book == "{messages}":
            self.ledger.message(line["orderId"])
        else:
            self.ledger.decision(line["orderId"], charged=line["outcome"] == "approved")
