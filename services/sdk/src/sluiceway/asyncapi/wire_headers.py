"""The envelope of an event as AsyncAPI headers: the fields of an entry beside its payload."""

from __future__ import annotations

from typing import Any

from ..events import Event

__all__ = ["CORRELATION_ID", "ENVELOPE", "headers_of"]

_TEXT = {"type": "string"}

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "Fields of a stream entry beside `payload`. A producer has to write `type` and `payload`, no more. "
    "Fields that are not named here are handed to the handler as they are.",
    "required": ["type"],
    "properties": {
        "id": {**_TEXT, "description": "The event's identity; derived from stream and entry ID if absent."},
        "type": {**_TEXT, "description": "Names the message."},
        "version": {**_TEXT, "pattern": "^[1-9][0-9]*$", "description": "Version of the payload's schema; absent: 1."},
        "correlationId": {**_TEXT, "description": "The business flow; absent: the flow begins here."},
        "causationId": {**_TEXT, "description": "Event ID of the event that led to this one."},
        "traceparent": {
            **_TEXT,
            "description": "W3C trace context.",
            "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        },
        "key": {**_TEXT, "description": "What events are ordered by."},
        "time": {
            **_TEXT,
            "pattern": "^[0-9]+$",
            "description": "Milliseconds since 1970 in UTC; absent: the time in the entry ID.",
        },
    },
}

CORRELATION_ID = {
    "description": "One per business flow, through all services.",
    "location": "$message.header#/correlationId",
}


def headers_of(event: type[Event]) -> dict[str, Any]:
    """Return the headers' schema of one message: the envelope with this event's type and version."""
    properties: dict[str, Any] = {"type": {"const": event.event_type}}
    required = ["type"]
    if event.event_version != 1:
        properties["version"] = {"const": str(event.event_version)}
        required.append("version")
    return {
        "type": "object",
        "allOf": [{"$ref": "#/components/schemas/EventEnvelope"}],
        "required": required,
        "properties": properties,
    }
