"""An AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0) of one or more services. Pure.

Streams are channels. Each service has one operation a stream and direction, tagged with its name.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from ..errors import ConfigurationError
from ..events import Event
from ..service import Service
from .declared import Part, parts
from .wire_headers import CORRELATION_ID, ENVELOPE, headers_of

__all__ = ["document"]

Names = Mapping[Any, str]
"""What something is called as a key of the document."""


def document(services: Sequence[Service], *, title: str, version: str = "1.0.0") -> dict[str, Any]:
    """Return the document of some services.

    What handlers take and are annotated to return is known; what else a service publishes is known where it says so with
    `service.publisher(stream, events=[…])`.

    Args:
        services: The services; none of them has to run.
        title: What the document is called.
        version: The version of what it describes.

    Raises:
        ConfigurationError: Two services have the same name, or an event has no JSON schema.

    Example:
        >>> document([payments], title="Payments")["asyncapi"]
        '3.0.0'
    """
    twice = {service.name for service in services if sum(each.name == service.name for each in services) > 1}
    if twice:
        raise ConfigurationError(f"asyncapi: two services are named {', '.join(sorted(twice))}; name each service once")
    declared = [part for service in services for part in parts(service)]
    events = tuple(dict.fromkeys(event for part in declared for event in part.events))
    payloads, schemas = _schemas(events)
    messages = _names(events, _message_name)
    channels = _names(dict.fromkeys(part.stream for part in declared), str)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": version,
            "description": "Channels are Redis streams. The field `payload` of an entry holds the payload as JSON, "
            "every other field is a header.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(stream, declared, messages) for stream, name in channels.items()},
        "operations": {
            f"{_key(part.service)}.{part.action}.{channels[part.stream]}": _operation(part, channels, messages)
            for part in declared
        },
        "components": {
            "messages": {messages[event]: _message(event, payloads[event]) for event in events},
            "schemas": {"EventEnvelope": ENVELOPE, **schemas},
            "correlationIds": {"correlationId": CORRELATION_ID},
        },
    }


def _channel(stream: str, declared: Iterable[Part], messages: Names) -> dict[str, Any]:
    events = dict.fromkeys(event for part in declared if part.stream == stream for event in part.events)
    return {
        "address": stream,
        "messages": {messages[event]: {"$ref": f"#/components/messages/{messages[event]}"} for event in events},
        "bindings": {"redis": {}},
    }


def _operation(part: Part, channels: Names, messages: Names) -> dict[str, Any]:
    channel = f"#/channels/{channels[part.stream]}"
    operation: dict[str, Any] = {
        "action": part.action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{messages[event]}"} for event in part.events],
        "tags": [{"name": part.service}],
    }
    if part.handlers:
        operation["x-sluiceway-handlers"] = list(part.handlers)
    if part.group:
        operation["x-sluiceway-group"] = part.group
        operation["x-sluiceway-dead-letters"] = part.dead_letters
    return operation


def _message(event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"name": event.event_type, "title": event.__name__}
    if event.__doc__:
        message["summary"] = inspect.cleandoc(event.__doc__).splitlines()[0]
    return message | {
        "contentType": "application/json",
        "headers": headers_of(event),
        "payload": payload,
        "correlationId": {"$ref": "#/components/correlationIds/correlationId"},
    }


def _schemas(events: Sequence[type[Event]]) -> tuple[dict[type[Event], dict[str, Any]], dict[str, Any]]:
    try:
        by_model, definitions = models_json_schema(
            [(event, "validation") for event in events], ref_template="#/components/schemas/{model}"
        )
    except Exception as error:
        raise ConfigurationError(f"asyncapi: an event has no JSON schema: {error}") from error
    return {event: by_model[event, "validation"] for event in events}, definitions.get("$defs", {})


def _message_name(event: type[Event]) -> str:
    return event.event_type if event.event_version == 1 else f"{event.event_type}.v{event.event_version}"


def _names(things: Iterable[Any], name: Any) -> dict[Any, str]:
    """Give each thing a key of its own: its name, with a number behind it where another thing has that already."""
    keys: dict[Any, str] = {}
    for thing in things:
        wanted = key = _key(name(thing))
        number = 2
        while key in keys.values():
            key, number = f"{wanted}-{number}", number + 1
        keys[thing] = key
    return keys


def _key(name: str) -> str:
    """Return a name with nothing in it that the specification's keys may not have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "unnamed"
