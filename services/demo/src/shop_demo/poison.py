"""Entries that nobody can decode, as a buggy producer would append them."""

from itertools import cycle, islice
from typing import cast

from redis.typing import EncodableT, FieldT

from shop_demo.client import Client
from shop_demo.load import Load

_Fields = dict[FieldT, EncodableT]

_POISON: tuple[dict[bytes, bytes], ...] = (
    {b"payload": b'{"orderId": "cut-off", "cust'},
    {b"payload": b"\xff\xfe not UTF-8 \x80"},
    {b"payload": b'{"orderId": "no-items", "customerId": "customer-1"}'},
    {b"payload": b'{"orderId":"negative","customerId":"customer-1","items":[{"productId":"mug","quantity":-1}]}'},
    {b"payload": b"{}", b"version": b"99"},
)


async def feed_poison(client: Client, stream: str, count: int, load: Load, every_orders: float) -> None:
    """Append entries of a known type that cannot be decoded, each in another way, in among the orders.

    Args:
        client: a connection to the event store.
        stream: the orders stream.
        count: how many entries.
        load: the orders.
        every_orders: how many orders lie between two such entries.
    """
    for number, fields in enumerate(islice(cycle(_POISON), count), start=1):
        await load.reached(number * every_orders)
        await client.xadd(stream, cast("_Fields", {b"type": b"ORDER_CREATED", **fields}))
