"""A span around each run of a handler, where the application wants spans; where it does not, none of this is there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from opentelemetry.context import Context as SpanContexts
from opentelemetry.context import attach, detach
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer, get_current_span, set_span_in_context

from ..context import Context
from ..handlers import Handler
from ..tracing import active_tracer, attributes, mark_failed, record_error, remote_context, traceparent_of
from .deadletter import provenance_of
from .delivery import Delivery
from .failures import Bury, TryAgain

if TYPE_CHECKING:
    from ..batch import Batch

__all__ = ["RunSpans"]

_AFTER_A_RUN = ("rejected", "exhausted")
"""Reasons of dead letters that the run's span has told already."""


class Deciding(Protocol):
    """Where a run's outcome goes, and what says what a failure leads to."""

    def done(self, delivery: Delivery) -> None:
        """Its handler succeeded."""

    def failed(self, delivery: Delivery, error: BaseException) -> TryAgain | Bury:
        """Its handler raised, or ran out of time; what follows is returned."""

    def dropped(self, delivery: Delivery) -> None:
        """It is another consumer's by now."""


class _Run:
    """A span that is open, and how many events it still stands for."""

    __slots__ = ("left", "span")

    def __init__(self, span: Span, left: int) -> None:
        self.span = span
        self.left = left


class RunSpans:
    """Puts a CONSUMER span around each run, and ends it when the run's outcome is known.

    It stands between the pools and the consumer: handlers are wrapped when the consumer is made, outcomes pass through.
    The span of a single event is the child of the span that published it, so one order is one trace; the span of a
    batch is a trace of its own with a link to every event, since it can have one parent only.

    Args:
        tracer: Makes the spans.
        outcomes: Whom outcomes are for.
        consumer: The consumer's name.
        url: Its server.
    """

    def __init__(self, tracer: Tracer, outcomes: Deciding, consumer: str, url: str) -> None:
        self._tracer = tracer
        self._outcomes = outcomes
        self._common = {
            **attributes.server_attributes(url),
            attributes.OPERATION: "process",
            attributes.OPERATION_TYPE: "process",
            attributes.CLIENT: consumer,
        }
        self._runs: dict[Delivery, _Run] = {}

    @classmethod
    def wanted(cls, outcomes: Deciding, consumer: str, url: str) -> Self | None:
        """Return the spans of a consumer, or None where the application has set no tracer provider."""
        tracer = active_tracer()
        return cls(tracer, outcomes, consumer, url) if tracer is not None else None

    def around(self, handler: Handler) -> Handler:
        """Return a handler with a span around each of its runs."""
        if handler.batch:
            return replace(handler, call=self._around_batch(handler.call))
        return replace(handler, call=self._around_single(handler), takes_context=True)

    def done(self, delivery: Delivery) -> None:
        """Its handler succeeded."""
        self._end(delivery, "handled")
        self._outcomes.done(delivery)

    def failed(self, delivery: Delivery, error: BaseException) -> TryAgain | Bury:
        """Its handler raised, or ran out of time."""
        follows = self._outcomes.failed(delivery, error)
        run = self._runs.get(delivery)
        if run is not None:
            of = {attributes.MESSAGE_ID: delivery.event_id}
            record_error(run.span, error, of)
            mark_failed(run.span, error)
            if isinstance(follows, Bury):
                run.span.add_event(attributes.DEAD_LETTER, {**of, attributes.REASON: follows.reason})
            else:
                run.span.add_event(attributes.RETRY, {**of, attributes.WAIT_SECONDS: follows.wait_seconds})
            self._end(delivery, "dead_lettered" if isinstance(follows, Bury) else "retried")
        return follows

    def dropped(self, delivery: Delivery) -> None:
        """It is another consumer's by now."""
        self._end(delivery, "lost")
        self._outcomes.dropped(delivery)

    def buried(self, delivery: Delivery) -> None:
        """Make a span for a dead letter whose handler was not run: nothing else would show where its trace ended."""
        told = json.loads(provenance_of(delivery))
        if told["reason"] in _AFTER_A_RUN:
            return
        span = self._start(delivery)
        span.set_attribute(attributes.ERROR_TYPE, told["errorType"])
        span.set_status(Status(StatusCode.ERROR, told["error"]))
        span.add_event(
            attributes.DEAD_LETTER, {attributes.MESSAGE_ID: delivery.event_id, attributes.REASON: told["reason"]}
        )
        self._end(delivery, "dead_lettered")

    def close(self) -> None:
        """End the spans of runs that were cancelled and have no outcome."""
        for delivery in tuple(self._runs):
            self._end(delivery, "cancelled")

    def _end(self, delivery: Delivery, outcome: str) -> None:
        run = self._runs.pop(delivery, None)
        if run is None:
            return
        run.left -= 1
        if run.left == 0:
            run.span.set_attribute(attributes.OUTCOME, outcome)
            run.span.end()

    def _around_single(self, handler: Handler) -> Callable[[Any, Context], Awaitable[Any]]:
        call = handler.call

        async def traced(event: Any, context: Context) -> Any:
            delivery = _delivery_of(context)
            span = self._start(delivery)
            token = attach(set_span_in_context(span))
            try:
                return await (call(event, context) if handler.takes_context else call(event))
            finally:
                detach(token)

        return traced

    def _around_batch(self, call: Callable[..., Awaitable[Any]]) -> Callable[[Batch[Any]], Awaitable[Any]]:
        async def traced(batch: Batch[Any]) -> Any:
            span = self._start_batch([_delivery_of(item.context) for item in batch])
            token = attach(set_span_in_context(span))
            try:
                return await call(batch)
            finally:
                detach(token)

        return traced

    def _start(self, delivery: Delivery) -> Span:
        source = delivery.source
        creation = remote_context(delivery.traceparent)
        span = self._tracer.start_span(
            f"process {source.origin}",
            context=creation,
            kind=SpanKind.CONSUMER,
            attributes={
                **self._common,
                attributes.DESTINATION: source.origin,
                attributes.GROUP: source.group,
                **_about(delivery),
            },
            links=_link(creation),
        )
        self._runs[delivery] = _Run(span, 1)
        traceparent = traceparent_of(span)
        if traceparent:
            # What the handler returns or publishes, and what it logs, belongs to its own span.
            delivery.traceparent = traceparent
        return span

    def _start_batch(self, deliveries: Sequence[Delivery]) -> Span:
        source = deliveries[0].source
        links = [link for each in deliveries for link in _link(remote_context(each.traceparent), _about(each))]
        span = self._tracer.start_span(
            f"process {source.origin}",
            context=SpanContexts(),
            kind=SpanKind.CONSUMER,
            attributes={
                **self._common,
                attributes.DESTINATION: source.origin,
                attributes.GROUP: source.group,
                attributes.BATCH_SIZE: len(deliveries),
            },
            links=links,
        )
        run = _Run(span, len(deliveries))
        self._runs.update(dict.fromkeys(deliveries, run))
        return span


def _about(delivery: Delivery) -> dict[str, str | int]:
    """Return what is said of a single event: on its span, or on the link to it."""
    kind = delivery.event.event_type if delivery.event is not None else ""
    return {
        attributes.MESSAGE_ID: delivery.event_id,
        attributes.CORRELATION_ID: delivery.correlation_id,
        attributes.ENTRY_ID: delivery.origin_id.decode(),
        attributes.EVENT_TYPE: kind,
        attributes.DELIVERY_COUNT: delivery.count,
    }


def _link(creation: SpanContexts, about: dict[str, str | int] | None = None) -> list[Link]:
    context = get_current_span(creation).get_span_context()
    return [Link(context, about)] if context.is_valid else []


def _delivery_of(context: Context) -> Delivery:
    return context._delivery  # noqa: SLF001  # the engine makes contexts; a handler has no business with the delivery
