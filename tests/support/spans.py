"""The spans that this process makes, kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

__all__ = ["Spans", "events", "spans", "trace_of"]


class Spans:
    """Finished spans of a provider that records everything whose parent is recorded.

    Attributes:
        provider: What makes them.
    """

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the finished spans of a name, in the order in which they ended."""
        return [span for span in self.all if span.name == name]

    @property
    def all(self) -> Sequence[ReadableSpan]:
        """All finished spans."""
        return self._exporter.get_finished_spans()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """The spans of a test, made by a provider that is the application's until the test ends."""
    recorded = Spans()
    # `set_tracer_provider` works once a process; the other tests of this one run without a provider
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorded.provider)
    yield recorded
    recorded.provider.shutdown()


def trace_of(span: ReadableSpan) -> str:
    """Return a span's trace ID as a `traceparent` writes it."""
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


def events(span: ReadableSpan) -> list[tuple[str, Mapping[str, Any]]]:
    """Return a span's events: name and attributes."""
    return [(event.name, dict(event.attributes or {})) for event in span.events]
