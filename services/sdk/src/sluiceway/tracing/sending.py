"""Spans around publishing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind, Tracer, get_current_span

from ..context import current_flow
from ..wire import Envelope
from .attributes import (
    BATCH_SIZE,
    CORRELATION_ID,
    DESTINATION,
    MESSAGE_ID,
    OPERATION,
    OPERATION_TYPE,
    server_attributes,
)
from .failure import mark_failed, record_error
from .propagation import remote_context, traceparent_of

__all__ = ["SendSpans"]


class SendSpans:
    """Makes the PRODUCER span of a call that publishes; its context travels with each of the call's events.

    Args:
        tracer: Makes the spans.
        url: The server.
        stream: Where events go.
    """

    def __init__(self, tracer: Tracer, url: str, stream: str) -> None:
        self._tracer = tracer
        self._name = f"publish {stream}"
        self._attributes = {
            **server_attributes(url),
            OPERATION: "publish",
            OPERATION_TYPE: "send",
            DESTINATION: stream,
        }

    @contextmanager
    def span(self, envelopes: Sequence[Envelope], *, batch: bool) -> Iterator[Span]:
        """Make the span current, and note it in the envelopes before they are encoded.

        Its parent is the current span; where there is none, the one that the request or the handled event named.

        Args:
            envelopes: Of the events that are published.
            batch: The call takes many events, even if these are not.
        """
        attributes = dict(self._attributes)
        if batch:
            attributes[BATCH_SIZE] = len(envelopes)
        else:
            attributes[MESSAGE_ID] = envelopes[0].event_id
            attributes[CORRELATION_ID] = envelopes[0].correlation_id
        ambient = get_current_span().get_span_context().is_valid
        with self._tracer.start_as_current_span(
            self._name,
            context=None if ambient else remote_context(current_flow.get().traceparent),
            kind=SpanKind.PRODUCER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            traceparent = traceparent_of(span)
            if traceparent:
                for envelope in envelopes:
                    envelope.traceparent = traceparent
            try:
                yield span
            except BaseException as error:
                record_error(span, error, {})
                mark_failed(span, error)
                raise
