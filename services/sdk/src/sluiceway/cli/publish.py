"""`sluiceway publish`: append one event to a stream."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, NoReturn

from pydantic import ValidationError
from typing_extensions import override

from ..errors import ConfigurationError
from ..events import Event
from ..publisher import Publisher, Receipt
from .command import Command, add_json_option, add_server_options, not_empty, positive
from .exits import Exit, Failure
from .loading import load_object
from .output import Output
from .server import Server, with_server
from .table import Table

__all__ = ["COMMAND", "modelled", "verbatim"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", metavar="STREAM", type=not_empty, help="where to append")
    parser.add_argument("type", metavar="TYPE", type=not_empty, help="the event's type, such as ORDER_CREATED")
    parser.add_argument(
        "payload", metavar="JSON", nargs="?", default="{}", help="a JSON object; - reads it from stdin (default: {})"
    )
    parser.add_argument("--key", default="", help="ordering key, for consumers that order by key")
    parser.add_argument(
        "--event-id", metavar="ID", type=not_empty, help="its identity; published twice, it has effect once"
    )
    parser.add_argument("--correlation-id", metavar="ID", type=not_empty, help="its flow (default: a new one)")
    parser.add_argument(
        "--version", type=positive, metavar="N", help="version of the type (default: the model's, else 1)"
    )
    parser.add_argument(
        "--model",
        metavar="MODULE:CLASS",
        help="check the payload with this Event class first, and publish it as a service would",
    )
    add_json_option(parser)
    add_server_options(parser)


def _execute(options: argparse.Namespace) -> Exit:
    payload = _read(options.payload)
    if options.model:
        event = modelled(load_object(options.model, "event class"), options.type, options.version, payload)
    else:
        event = verbatim(options.type, options.version or 1, payload)

    async def publish(server: Server) -> Receipt:
        async with Publisher(server.settings, options.stream) as publisher:
            return await publisher.publish(
                event, key=options.key, event_id=options.event_id, correlation_id=options.correlation_id
            )

    receipt = with_server(options, publish)
    facts = {
        "stream": options.stream,
        "type": options.type,
        "entry_id": receipt.entry_id,
        "event_id": receipt.event_id,
        "correlation_id": receipt.correlation_id,
    }
    table = Table(tuple(name.replace("_", " ") for name in facts), (tuple(facts.values()),))
    Output(as_json=options.json).show(facts, [table])
    return Exit.OK


def verbatim(event_type: str, version: int, payload: bytes) -> Event:
    """Return an event of any type whose payload is sent as it is.

    Raises:
        Failure: The type cannot be one, or the payload is no JSON object.
    """
    _object(payload)
    try:

        class Verbatim(Event, type=event_type, version=version):
            @override
            def encode(self) -> bytes:
                return payload

    except ConfigurationError:
        raise Failure(f"TYPE {event_type!r} must be printable text of at most 200 characters", Exit.USAGE) from None
    return Verbatim()


def modelled(model: Any, event_type: str, version: int | None, payload: bytes) -> Event:
    """Return the event that a model makes of a payload.

    Raises:
        Failure: The model is another event's, or the payload does not fit; each bad field is named.
    """
    if not (isinstance(model, type) and issubclass(model, Event)):
        raise Failure(f"--model: {model!r} is no Event class", Exit.USAGE)
    name = model.__name__
    if model.event_type != event_type:
        raise Failure(f"--model: {name} has the type {model.event_type!r}, not {event_type!r}", Exit.USAGE)
    if version is not None and version != model.event_version:
        raise Failure(f"--version {version}: {name} is version {model.event_version}", Exit.USAGE)
    known = {field.alias or field_name for field_name, field in model.model_fields.items()} | set(model.model_fields)
    unknown = sorted(set(_object(payload)) - known)
    if unknown:
        raise Failure(f"the payload has fields that {name} does not know: {', '.join(map(repr, unknown))}", Exit.USAGE)
    try:
        return model.decode(payload)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'payload'}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise Failure(f"the payload does not fit {name}: {problems}", Exit.USAGE) from None


def _read(argument: str) -> bytes:
    return sys.stdin.buffer.read() if argument == "-" else argument.encode()


def _object(payload: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON")

    try:
        document = json.loads(payload.decode(), parse_constant=refuse)
    except RecursionError:
        raise Failure("the payload is nested too deeply", Exit.USAGE) from None
    except ValueError as error:
        raise Failure(f"the payload is no valid JSON: {error}", Exit.USAGE) from None
    if not isinstance(document, dict):
        raise Failure(
            f'the payload must be a JSON object such as {{"orderId": "7"}}, not {type(document).__name__}', Exit.USAGE
        )
    return document


COMMAND = Command(
    "publish",
    """Append one event to a stream and print its receipt.

The server has the event when this returns. With exit code 3 it may or may not have it: run it again
with the same --event-id, and consumers drop the second copy.

examples:
  sluiceway publish orders ORDER_CREATED '{"orderId": "7"}'
  sluiceway publish orders ORDER_CREATED - --model shop_events:OrderCreated < order.json""",
    _configure,
    _execute,
)
