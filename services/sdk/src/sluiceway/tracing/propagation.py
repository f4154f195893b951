"""Between the wire's `traceparent` and OpenTelemetry's contexts."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.trace import Span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["remote_context", "traceparent_of"]

_W3C = TraceContextTextMapPropagator()


def remote_context(traceparent: str) -> Context:
    """Return a context in which the span that a `traceparent` names is the current one; an empty one if it names none."""
    return _W3C.extract({"traceparent": traceparent}, Context())


def traceparent_of(span: Span) -> str:
    """Return the `traceparent` that names a span, its sampled flag included; an empty text if it is in no trace."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, set_span_in_context(span, Context()))
    return carrier.get("traceparent", "")
