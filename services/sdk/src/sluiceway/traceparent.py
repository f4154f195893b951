"""The W3C trace context's header, as text."""

from __future__ import annotations

import re

__all__ = ["is_traceparent", "trace_id_of"]

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def is_traceparent(text: str) -> bool:
    """Return whether a text is one (https://www.w3.org/TR/trace-context/#traceparent-header)."""
    return _TRACEPARENT.fullmatch(text) is not None


def trace_id_of(traceparent: str) -> str:
    """Return the trace that is named, or an empty text if none is."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found else ""
