"""A flow's IDs go from an HTTP request through every service to the last output."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from aiohttp import web
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.numbered import Answered, Numbered
from tests.support.web_application import Http, serving

from sluiceway import Event, Service, current_correlation_id
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis
pytestmark = one_server

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Told(Event, type="TOLD"):
    number: int


@asynccontextmanager
async def shop(server: EmbeddedServer) -> AsyncIterator[Http]:
    """Three services: HTTP -> orders -> (payments) -> answers -> (notifications) -> messages."""
    orders = Service("orders", server.url)
    payments = Service("payments", server.url)
    notifications = Service("notifications", server.url)

    @payments.on(Numbered, stream="orders", publishes="answers")
    async def pay(event: Numbered) -> Answered:
        return Answered(number=event.number)

    @notifications.on(Answered, stream="answers", publishes="messages")
    async def tell(event: Answered) -> Told:
        return Told(number=event.number)

    async def post(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        await asyncio.sleep(0)
        receipt = await orders.publisher("orders").publish(Numbered(number=number))
        return web.json_response({"eventId": receipt.event_id, "correlationId": receipt.correlation_id})

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write_eof(b"done")
        return response

    async def refuse(_: web.Request) -> web.Response:
        raise web.HTTPForbidden

    async def fail(_: web.Request) -> web.Response:
        raise ZeroDivisionError

    app = web.Application()
    orders.attach(app)
    app.router.add_post("/orders/{number}", post)
    app.router.add_get("/stream", stream)
    app.router.add_get("/refuse", refuse)
    app.router.add_get("/fail", fail)
    async with payments, notifications, serving(app) as http:
        yield http


async def entry(client: Redis, stream: str) -> dict[bytes, bytes]:
    """The only entry of a stream."""
    await eventually(lambda: client.xlen(stream), what=f"an entry on {stream}")
    entries: Any = await client.xrange(stream)
    ((_, fields),) = entries
    return dict(fields)


async def test_the_last_output_names_the_request_and_its_trace(server: EmbeddedServer, client: Redis) -> None:
    async with shop(server) as http:
        headers = {"X-Correlation-Id": "checkout 7, Zoë", "traceparent": TRACE}
        async with http.post("/orders/7", headers=headers) as response:
            told = await response.json()

        message = await entry(client, "messages")

    order, answer = await entry(client, "orders"), await entry(client, "answers")
    assert response.headers["X-Correlation-Id"] == told["correlationId"] == "checkout 7, Zoë"
    for fields in (order, answer, message):
        assert fields[b"correlationId"].decode() == "checkout 7, Zoë"
        assert fields[b"traceparent"].decode() == TRACE
    assert b"causationId" not in order
    assert answer[b"causationId"] == order[b"id"] == told["eventId"].encode()
    assert message[b"causationId"] == answer[b"id"]


async def test_a_request_without_ids_begins_a_flow_of_its_own(server: EmbeddedServer, client: Redis) -> None:
    async with shop(server) as http:
        async with http.post("/orders/7") as response:
            correlation_id = response.headers["X-Correlation-Id"]

        message = await entry(client, "messages")

    assert str(uuid.UUID(correlation_id)) == correlation_id
    assert message[b"correlationId"].decode() == correlation_id
    assert b"traceparent" not in message


@pytest.mark.parametrize("given", ["", "x" * 129, "tab\tinside"], ids=["empty", "too long", "not printable"])
async def test_a_correlation_id_that_cannot_be_carried_is_replaced(
    server: EmbeddedServer, client: Redis, given: str
) -> None:
    async with shop(server) as http:
        async with http.post("/orders/7", headers={"X-Correlation-Id": given}) as response:
            correlation_id = response.headers["X-Correlation-Id"]

        message = await entry(client, "messages")

    assert str(uuid.UUID(correlation_id)) == correlation_id
    assert message[b"correlationId"].decode() == correlation_id


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        TRACE.upper(),
        f"{TRACE}-more",
        TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        TRACE.replace("00f067aa0ba902b7", "0" * 16),
        TRACE.replace("00-", "ff-", 1),
        TRACE.replace("4bf9", "xyz0"),
    ],
    ids=["empty", "cut", "upper case", "too long", "no trace", "no parent", "version ff", "no hex"],
)
async def test_a_malformed_trace_context_is_left_out_and_the_order_taken(
    server: EmbeddedServer, client: Redis, given: str
) -> None:
    async with shop(server) as http:
        async with http.post("/orders/7", headers={"X-Correlation-Id": "seven", "traceparent": given}) as response:
            assert response.status == 200

        message = await entry(client, "messages")

    assert b"traceparent" not in message
    assert message[b"correlationId"] == b"seven"


@pytest.mark.parametrize(
    ("path", "status"), [("/stream", 200), ("/refuse", 403), ("/fail", 500), ("/nowhere", 404), ("/healthz", 200)]
)
async def test_every_answer_names_its_flow(server: EmbeddedServer, path: str, status: int) -> None:
    async with shop(server) as http, http.get(path, headers={"X-Correlation-Id": "seven"}) as response:
        assert (response.status, response.headers["X-Correlation-Id"]) == (status, "seven")


async def test_requests_at_the_same_time_keep_their_flows_apart(server: EmbeddedServer, client: Redis) -> None:
    async with shop(server) as http:

        async def order(number: int) -> None:
            async with http.post(f"/orders/{number}", headers={"X-Correlation-Id": f"flow-{number}"}) as response:
                assert (await response.json())["correlationId"] == f"flow-{number}"

        await asyncio.gather(*(order(number) for number in range(100)))
        await eventually(lambda: _all_there(client), within_seconds=60)

    entries: Any = await client.xrange("messages")
    flows = {fields[b"payload"]: fields[b"correlationId"] for _, fields in entries}
    assert flows == {b'{"number":%d}' % number: b"flow-%d" % number for number in range(100)}


async def _all_there(client: Redis) -> bool:
    return int(await client.xlen("messages")) == 100


async def test_code_below_a_request_or_a_handler_can_ask_for_the_flow(server: EmbeddedServer) -> None:
    seen: list[str] = []
    service = Service("payments", server.url)

    @service.on(Numbered, stream="orders")
    async def handle(_: Numbered) -> None:
        seen.append(current_correlation_id())

    async def post(_: web.Request) -> web.Response:
        seen.append(current_correlation_id())
        await service.publisher("orders").publish(Numbered(number=1))
        return web.Response()

    app = web.Application()
    service.attach(app)
    app.router.add_post("/", post)
    async with serving(app) as http:
        async with http.post("/", headers={"X-Correlation-Id": "seven"}) as response:
            assert response.status == 200
        await eventually(lambda: len(seen) == 2, what="a handled event")

    assert seen == ["seven", "seven"]
    assert current_correlation_id() == ""
