"""How long orders took from the moment they were due to their last event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import redis.asyncio

from shop_demo.latency import summarise
from sluiceway.ids import entry_milliseconds

__all__ = ["last_events", "percentiles"]

_PAGE = 5000


async def last_events(client: redis.asyncio.Redis, stream: str) -> dict[str, int]:
    """Return when the last event of each order was appended, in epoch milliseconds of the server's clock, by order ID.

    Args:
        client: Answers bytes.
        stream: The stream of last events, none of them trimmed away.
    """
    found: dict[str, int] = {}
    start: Any = "-"
    while page := cast("list[tuple[bytes, dict[bytes, bytes]]]", await client.xrange(stream, min=start, count=_PAGE)):
        for entry_id, fields in page:
            found[json.loads(fields[b"payload"])["orderId"]] = entry_milliseconds(entry_id)
        start = b"(" + page[-1][0]
    return found


def percentiles(due: Mapping[str, float], ended: Mapping[str, int]) -> dict[str, float]:
    """Return p50 and p99 in milliseconds, over all orders.

    Args:
        due: Epoch seconds at which each order was due.
        ended: Epoch milliseconds of its last event.

    Raises:
        KeyError: An order has no last event: it was lost.
    """
    summary = summarise([max(0.0, ended[order_id] - at * 1000) for order_id, at in due.items()])
    return {"p50": summary.p50, "p99": summary.p99}
