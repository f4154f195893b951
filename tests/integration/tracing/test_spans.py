"""The spans of publishing and handling: who is whose child, and what they say."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import redis.asyncio
from aiohttp import web
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from tests.support.consuming import GROUP, KEYS, LEASE, STREAM, Echo, Note, add, add_raw, one_server, running
from tests.support.eventually import eventually
from tests.support.spans import Spans, events, trace_of
from tests.support.web_application import serving
from typing_extensions import override

from sluiceway import Batch, Context, PartialPublish, Publisher, PublishError, Reject, Retry, Service
from sluiceway.embedded import EmbeddedServer

Redis = redis.asyncio.Redis
pytestmark = one_server

PROCESS = f"process {STREAM}"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"
ONCE = Retry(attempts=1)
QUICKLY = Retry(attempts=2, first_seconds=0.01, cap_seconds=0.01)


def service(server: EmbeddedServer) -> Service:
    made = Service(GROUP, server.url, consumer="worker-1")
    made.consume(STREAM, lease=LEASE)
    return made


async def finished(spans: Spans, name: str, count: int = 1) -> list[ReadableSpan]:
    await eventually(lambda: len(spans.named(name)) >= count, what=f"{count} spans {name!r}")
    return spans.named(name)


async def fields_on(client: Redis, stream: str) -> list[dict[bytes, bytes]]:
    entries: Any = await client.xrange(stream)
    return [dict(fields) for _, fields in entries if b"traceparent" in fields or fields[b"type"] != b"WAKE_UP"]


def names_in(traceparent: bytes) -> tuple[str, str, str]:
    """Trace, span and flags."""
    _, trace_id, span_id, flags = traceparent.decode().split("-")
    return trace_id, span_id, flags


def identity(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"{context.span_id:016x}"


def parent(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_request_its_event_its_handler_and_its_output_are_one_trace(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    orders = service(server)

    @orders.on(Note, stream=STREAM, publishes="echoes")
    async def echo(note: Note) -> Echo:
        return Echo(number=note.number)

    async def post(_: web.Request) -> web.Response:
        await orders.publisher(STREAM).publish(Note(number=7))
        return web.Response()

    app = web.Application()
    orders.attach(app)
    app.router.add_post("/", post)
    async with serving(app) as http:
        async with http.post("/", headers={"traceparent": SAMPLED}) as response:
            assert response.status == 200
        (handled,) = await finished(spans, PROCESS)
        await eventually(lambda: client.xlen("echoes"), what="the output")

    (published,) = spans.named(f"publish {STREAM}")
    (order,), (output,) = await fields_on(client, STREAM), await fields_on(client, "echoes")
    assert (trace_of(published), parent(published)) == (TRACE, PARENT)
    assert names_in(order[b"traceparent"]) == (TRACE, identity(published), "01")
    assert (trace_of(handled), parent(handled)) == (TRACE, identity(published))
    assert names_in(output[b"traceparent"]) == (TRACE, identity(handled), "01")
    assert [f"{link.context.span_id:016x}" for link in handled.links] == [identity(published)]


async def test_spans_speak_the_words_of_the_conventions(server: EmbeddedServer, client: Redis, spans: Spans) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM)
    async def look(_: Note) -> None:
        pass

    async with running(handling, client), Publisher(server.url, STREAM) as publisher:
        receipt = await publisher.publish(Note(number=7), correlation_id="flow-7")
        (handled,) = await finished(spans, PROCESS)

    (published,) = spans.named(f"publish {STREAM}")
    common = {
        "messaging.system": "redis",
        "messaging.destination.name": STREAM,
        "messaging.message.id": receipt.event_id,
        "messaging.message.conversation_id": "flow-7",
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "sluiceway.entry.id": receipt.entry_id,
    }
    assert (published.kind, handled.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert attributes(published) == {
        **common,
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
    }
    assert attributes(handled) == {
        **common,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": GROUP,
        "messaging.client.id": "worker-1",
        "sluiceway.event.type": "NOTE",
        "sluiceway.delivery.count": 1,
        "sluiceway.outcome": "handled",
    }
    assert handled.instrumentation_scope is not None
    assert handled.instrumentation_scope.name == "sluiceway"


async def test_what_a_handler_does_meanwhile_is_a_child_of_its_span(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM)
    async def charge(note: Note, context: Context) -> None:
        assert trace.get_current_span().get_span_context().trace_id == int(context.traceparent.split("-")[1], 16)
        with trace.get_tracer("test").start_as_current_span("call the bank"):
            await asyncio.sleep(0)
        await handling.publisher("audit").publish(Echo(number=note.number))

    async with running(handling, client):
        await add(client, 1)
        (handled,) = await finished(spans, PROCESS)

    (call,), (audit,) = spans.named("call the bank"), spans.named("publish audit")
    assert parent(call) == parent(audit) == identity(handled)
    assert handled.parent is None


async def test_each_attempt_is_a_span_and_says_what_follows(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM, retry=QUICKLY)
    async def fail(_: Note) -> None:
        raise ZeroDivisionError("no money")

    async with running(handling, client):
        await add(client, 1, traceparent=SAMPLED)
        first, second = await finished(spans, PROCESS, 2)

    for span in (first, second):
        assert (trace_of(span), parent(span)) == (TRACE, PARENT)
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "no money")
        assert attributes(span)["error.type"] == "ZeroDivisionError"
        name, told = events(span)[0]
        assert (name, told["exception.type"], told["exception.message"]) == (
            "exception",
            "ZeroDivisionError",
            "no money",
        )
        assert "in fail" in told["exception.stacktrace"]
    assert [attributes(span)["sluiceway.delivery.count"] for span in (first, second)] == [1, 2]
    assert [attributes(span)["sluiceway.outcome"] for span in (first, second)] == ["retried", "dead_lettered"]
    name, told = events(first)[1]
    assert name == "sluiceway.retry"
    assert told["sluiceway.retry.wait_seconds"] > 0
    name, told = events(second)[1]
    assert (name, told["sluiceway.dead_letter.reason"]) == ("sluiceway.dead_letter", "exhausted")


async def test_a_dead_letter_names_the_span_in_which_it_was_given_up(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM)
    async def refuse(_: Note) -> None:
        raise Reject("no")

    async with running(handling, client):
        await add(client, 1, traceparent=SAMPLED)
        (refused,) = await finished(spans, PROCESS)
        await eventually(lambda: client.xlen(KEYS.dead), what="the dead letter")

    entries: Any = await client.xrange(KEYS.dead)
    ((_, letter),) = entries
    assert json.loads(letter[b"deadLetter"])["traceparent"] == f"00-{TRACE}-{identity(refused)}-01"


async def test_an_entry_that_nobody_can_decode_shows_in_its_trace(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM)
    async def look(_: Note) -> None:
        pass

    async with running(handling, client):
        await add_raw(client, {"type": "NOTE", "payload": "{", "traceparent": SAMPLED}.items())
        (buried,) = await finished(spans, PROCESS)

    assert (trace_of(buried), parent(buried)) == (TRACE, PARENT)
    assert buried.status.status_code is StatusCode.ERROR
    assert [(name, told["sluiceway.dead_letter.reason"]) for name, told in events(buried)] == [
        ("sluiceway.dead_letter", "undecodable")
    ]
    assert attributes(buried)["sluiceway.outcome"] == "dead_lettered"


async def test_a_handler_that_runs_out_of_time_is_told_as_that(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM, timeout_seconds=0.05, retry=ONCE)
    async def hang(_: Note) -> None:
        await asyncio.Event().wait()

    async with running(handling, client):
        await add(client, 1)
        (hung,) = await finished(spans, PROCESS)

    assert attributes(hung)["error.type"] == "TimeoutError"


async def test_an_error_whose_text_cannot_be_read_costs_neither_the_span_nor_the_worker(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    class Unreadable(Exception):
        @override
        def __str__(self) -> str:
            raise ValueError

    handling = service(server)

    @handling.on(Note, stream=STREAM, retry=ONCE, concurrency=1)
    async def fail(note: Note) -> None:
        if note.number == 1:
            raise Unreadable

    async with running(handling, client):
        await add(client, 1)
        await add(client, 2)
        first, second = await finished(spans, PROCESS, 2)

    assert attributes(first)["error.type"].endswith("Unreadable")
    assert attributes(second)["sluiceway.outcome"] == "handled"


async def test_a_batch_is_one_span_with_a_link_to_every_event(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM, batch=3, batch_wait_seconds=5, publishes="echoes", retry=ONCE)
    async def store(batch: Batch[Note]) -> None:
        for item in batch:
            item.context.publish(Echo(number=item.event.number))
            if item.event.number == 3:
                batch.reject(item, reason="three")

    async with running(handling, client):
        traceparents = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2, 3)]
        for number, traceparent in enumerate(traceparents, start=1):
            await add(client, number, traceparent=traceparent, id=f"event-{number}")
        (batch,) = await finished(spans, PROCESS)
        await eventually(lambda: client.xlen("echoes"), what="the outputs")

    assert batch.parent is None
    assert attributes(batch)["messaging.batch.message_count"] == 3
    assert "messaging.message.id" not in attributes(batch)
    assert [(link.context.trace_id, (link.attributes or {})["messaging.message.id"]) for link in batch.links] == [
        (number, f"event-{number}") for number in (1, 2, 3)
    ]
    assert [(name, told["messaging.message.id"]) for name, told in events(batch)] == [
        ("exception", "event-3"),
        ("sluiceway.dead_letter", "event-3"),
    ]
    outputs = await fields_on(client, "echoes")
    assert [fields[b"traceparent"].decode() for fields in outputs] == traceparents[:2]


async def test_many_events_published_at_once_share_one_span(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    async with Publisher(server.url, STREAM) as publisher:
        await publisher.publish_many([Note(number=number) for number in range(3)])

    (published,) = spans.all
    assert attributes(published)["messaging.batch.message_count"] == 3
    assert {names_in(fields[b"traceparent"])[:2] for fields in await fields_on(client, STREAM)} == {
        (trace_of(published), identity(published))
    }


async def test_an_event_that_the_server_refuses_is_an_error_of_its_span(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    await client.set(STREAM, "no stream")

    async with Publisher(server.url, STREAM) as publisher:
        with pytest.raises(PublishError):
            await publisher.publish(Note(number=1))
        with pytest.raises((PublishError, PartialPublish)):
            await publisher.publish_many([Note(number=1)])

    for published in spans.named(f"publish {STREAM}"):
        assert published.status.status_code is StatusCode.ERROR
        assert attributes(published)["error.type"] == "sluiceway.errors.PublishError"
        assert [name for name, _ in events(published)] == ["exception"]
    assert len(spans.all) == 2


async def test_a_trace_that_is_not_sampled_makes_no_spans_and_stays_so_to_its_end(
    server: EmbeddedServer, client: Redis, spans: Spans
) -> None:
    handling = service(server)

    @handling.on(Note, stream=STREAM, publishes="echoes")
    async def echo(note: Note) -> Echo:
        return Echo(number=note.number)

    async with running(handling, client):
        await add(client, 1, traceparent=NOT_SAMPLED)
        await eventually(lambda: client.xlen("echoes"), what="the output")

    (output,) = await fields_on(client, "echoes")
    trace_id, _, flags = names_in(output[b"traceparent"])
    assert (trace_id, flags) == (TRACE, "00")
    assert spans.all == ()


async def test_a_run_that_a_stop_cancels_ends_its_span(server: EmbeddedServer, client: Redis, spans: Spans) -> None:
    begun = asyncio.Event()
    handling = Service(GROUP, server.url, grace_seconds=0.05)

    @handling.on(Note, stream=STREAM)
    async def hang(_: Note) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with running(handling, client):
        await add(client, 1)
        await begun.wait()

    (hung,) = spans.named(PROCESS)
    assert attributes(hung)["sluiceway.outcome"] == "cancelled"


@pytest.mark.parametrize("traceparent", [SAMPLED, ""], ids=["traced", "not traced"])
async def test_without_a_provider_no_span_is_made_and_a_trace_passes_through_unchanged(
    server: EmbeddedServer, client: Redis, monkeypatch: pytest.MonkeyPatch, traceparent: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a span was asked for")

    monkeypatch.setattr(trace.NoOpTracer, "start_span", refuse)
    monkeypatch.setattr(trace.ProxyTracer, "start_span", refuse)
    handling = service(server)

    @handling.on(Note, stream=STREAM, publishes="echoes")
    async def echo(note: Note) -> Echo:
        await handling.publisher("audit").publish(Echo(number=note.number))
        return Echo(number=note.number)

    async with running(handling, client):
        await add(client, 1, **({"traceparent": traceparent} if traceparent else {}))
        await eventually(lambda: client.xlen("echoes"), what="the output")

    for stream in ("echoes", "audit"):
        (fields,) = await fields_on(client, stream)
        assert fields.get(b"traceparent", b"").decode() == traceparent
