"""Customers: one order a request, over keep-alive connections, either as fast as answers come or at a fixed rate.

It writes requests and reads answers as bytes, since a load generator that costs as much as what it measures measures itself.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import deque
from pathlib import Path
from typing import cast

import uvloop
from tests.bench.chain import accepted
from tests.bench.chain.orders import customer_and_items
from tests.bench.chain.pace import Pace
from tests.bench.stopwatch import report
from typing_extensions import override

_TICK_SECONDS = 0.001
_PATIENCE_SECONDS = 60


class Customers:
    """All connections, and what they have yet to send.

    Args:
        host: Of the orders service.
        orders: How many to send.
    """

    def __init__(self, host: str, orders: int) -> None:
        self.accepted: list[tuple[str, float]] = []
        self.refused: list[bytes] = []
        self.done = asyncio.Event()
        self._head = (
            f"POST /orders HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n".encode()
            + b"Idempotency-Key: "
        )
        self._orders = orders
        self._sent = 0
        self._idle: list[Connection] = []
        self._due: deque[float] = deque()
        self._closed_loop = False

    def start(self, connections: list[Connection]) -> None:
        """Let connections wait for orders that are due."""
        self._idle = list(connections)

    def flood(self) -> None:
        """Keep every connection busy until all orders are sent."""
        self._closed_loop = True
        for connection in self._idle:
            self.next(connection)

    def add_due(self, due: float) -> None:
        """Send an order now, or as soon as a connection is free."""
        self._due.append(due)
        if self._idle:
            self.next(self._idle.pop())

    def next(self, connection: Connection) -> None:
        """Give a connection that is free its next order."""
        if self._closed_loop and self._sent < self._orders:
            connection.send(self._request(), time.time())
        elif self._due:
            connection.send(self._request(), self._due.popleft())
        else:
            self._idle.append(connection)

    def answered(self, head: bytes, content: bytes, due: float) -> None:
        """Note an answer."""
        if head.startswith(b"HTTP/1.1 202"):
            order_id = content.partition(b'"orderId":"')[2].partition(b'"')[0]
            self.accepted.append((order_id.decode(), due))
        else:
            self.refused.append(head.partition(b"\r\n")[0] + b" " + content)
        if len(self.accepted) + len(self.refused) == self._orders:
            self.done.set()

    def _request(self) -> bytes:
        number, self._sent = self._sent, self._sent + 1
        content = b"{%b}" % customer_and_items(number)
        return b"%bload-%d-%d\r\nContent-Length: %d\r\n\r\n%b" % (
            self._head,
            id(self),
            number,
            len(content),
            content,
        )


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way.

    Args:
        customers: Where answers go and orders come from.
    """

    def __init__(self, customers: Customers) -> None:
        self._customers = customers
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._due = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes, due: float) -> None:
        """Send a request."""
        assert self._transport is not None
        self._due = due
        self._transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, content = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(content) < length:
            return
        self._received = content[length:]
        self._customers.answered(head, content[:length], self._due)
        self._customers.next(self)


async def at_pace(customers: Customers, pace: Pace) -> None:
    """Hand over every order when it is due, however slow the answers are."""
    handed = 0
    while handed < pace.orders:
        for number in range(handed, pace.due_by(time.time())):
            customers.add_due(pace.due(number))
            handed = number + 1
        await asyncio.sleep(_TICK_SECONDS)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--rate", type=float, help="orders per second; as fast as answers come if not given")
    parser.add_argument(
        "--accepted", type=Path, required=True, help="file that the list of accepted orders is written to"
    )
    options = parser.parse_args()
    customers = Customers(options.host, options.orders)
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(options.connections):
        _, connection = await loop.create_connection(lambda: Connection(customers), options.host, options.port)
        connections.append(connection)
    customers.start(connections)
    cpu_began, began = time.process_time(), time.time()
    async with asyncio.timeout(_PATIENCE_SECONDS + (options.orders / options.rate if options.rate else 0)):
        if options.rate is None:
            customers.flood()
        else:
            await at_pace(customers, Pace(began, options.rate, options.orders))
        await customers.done.wait()
    cpu = time.process_time() - cpu_began
    accepted.write(options.accepted, customers.accepted)
    report(
        began_at=began,
        ended_at=time.time(),
        cpu_seconds=cpu,
        refused=[answer.decode(errors="replace") for answer in customers.refused[:3]],
    )


if __name__ == "__main__":
    uvloop.run(main())
