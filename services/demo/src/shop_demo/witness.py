"""Reads everything that leaves a trace (streams, provider's record, message sink's record) into the ledger, as it grows.

It reads on its own, in no group, and straight from the streams and files: what the services say about themselves does
not count here.
"""

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import cast

from shop_demo.accounting import Ledger
from shop_demo.client import Client
from shop_demo.records import RecordFollower
from shop_events import Streams

_BLOCK_MS = 100
_COUNT = 2000
_RECORD_POLL_SECONDS = 0.1

_Fields = Mapping[bytes, bytes]


class Witness:
    """Follows the traces of one run.

    Args:
        client: a connection pool to the event store; replies are bytes.
        ledger: where everything is noted.
        streams: the shop's streams.
        dead_letter_streams: carry the dead letters of every group.
        charges: the payment provider's record.
        messages: the message sink's record.
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        *,
        streams: Streams,
        dead_letter_streams: Collection[str],
        charges: RecordFollower,
        messages: RecordFollower,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._payments_stream = streams.payments
        self._followed = (streams.orders, streams.payments, streams.notifications)
        self._charges = charges
        self._messages = messages
        self._last_ids = dict.fromkeys((*self._followed, *dead_letter_streams), "0-0")
        self.payment_entries_seen = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_streams())
            group.create_task(self._follow_records())

    async def missed(self) -> int:
        """Count the payment entries that were trimmed away before they were read here; 0 in a sound account."""
        await self.read_streams(block_ms=None)
        info = await self._client.xinfo_stream(self._payments_stream)
        added = info.get("entries-added")
        return max(0, int(added) - self.payment_entries_seen) if added is not None else 0

    async def read_streams(self, block_ms: int | None) -> int:
        """Read what the streams have got since the last time, and return how many entries that was.

        Args:
            block_ms: how long to wait for a first entry; ``None``: not at all.
        """
        reply = cast(
            "list[tuple[bytes, list[tuple[bytes, _Fields]]]] | None",
            await self._client.xread(self._last_ids, count=_COUNT, block=block_ms),  # type: ignore[arg-type]
        )
        read = 0
        for name, entries in reply or ():
            stream = name.decode()
            for entry_id, fields in entries:
                self._note(stream, entry_id, fields)
                read += 1
            self._last_ids[stream] = entries[-1][0].decode()
        return read

    def read_records(self) -> None:
        """Read what the provider's and the message sink's records have got since the last time."""
        for line in self._charges.read_new():
            self._ledger.decision(line["orderId"], charged=line["outcome"] == "approved")
        for line in self._messages.read_new():
            self._ledger.message(line["orderId"])

    async def _follow_streams(self) -> None:
        while True:
            await self.read_streams(_BLOCK_MS)

    async def _follow_records(self) -> None:
        while True:
            self.read_records()
            await asyncio.sleep(_RECORD_POLL_SECONDS)

    def _note(self, stream: str, entry_id: bytes, fields: _Fields) -> None:
        if stream not in self._followed:
            provenance = json.loads(fields[b"deadLetter"])
            self._ledger.dead_letter(provenance["stream"], provenance["entryId"])
            return
        self.payment_entries_seen += stream == self._payments_stream
        order_id = _order_id(fields)
        if order_id is None:
            return
        match fields[b"type"]:
            case b"ORDER_CREATED":
                self._ledger.created(order_id, _milliseconds(entry_id))
            case b"PAYMENT_COMPLETED":
                self._ledger.payment(order_id, completed=True)
            case b"PAYMENT_FAILED":
                self._ledger.payment(order_id, completed=False)
            case b"NOTIFICATION_SENT":
                self._ledger.notified(order_id, _milliseconds(entry_id))


def _order_id(fields: _Fields) -> str | None:
    """Read whose event an entry is; ``None`` for one that cannot be decoded."""
    try:
        return str(json.loads(fields[b"payload"])["orderId"])
    except (ValueError, KeyError, TypeError):
        return None


def _milliseconds(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
