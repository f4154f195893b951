"""OpenTelemetry: spans where an application has set a tracer provider, and nothing at all where it has not."""

from .failure import mark_failed, record_error
from .propagation import remote_context, traceparent_of
from .sending import SendSpans
from .tracer import active_tracer, provider_is_set

__all__ = [
    "SendSpans",
    "active_tracer",
    "mark_failed",
    "provider_is_set",
    "record_error",
    "remote_context",
    "traceparent_of",
]
