"""From an entry's bytes to a typed event, or to the reason why it is none."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from ..error_text import describe
from ..errors import ConfigurationError
from ..handlers import Handler
from ..ids import foreign_event_id
from ..options import Unhandled
from ..wire import text
from .deadletter import dead_letter
from .delivery import DONE, Delivery, Source
from .replayed import read_replayed

__all__ = ["Decoder"]


class Decoder:
    """Turns entries into deliveries.

    A delivery that comes out in stage DONE needs no handler: it is ignored or a dead letter, ready to be settled.

    Args:
        handlers: The consumer's handlers.
        unhandled: What becomes of a type that none of them takes.
        consumer: This consumer's name, kept with dead letters.

    Raises:
        ConfigurationError: Two handlers take the same type and version.
    """

    def __init__(self, handlers: Sequence[Handler], unhandled: Unhandled, consumer: str) -> None:
        self._unhandled = unhandled
        self._consumer = consumer
        self._by_type: dict[bytes, dict[bytes, tuple[Handler, type]]] = {}
        for handler in handlers:
            for event in handler.events:
                versions = self._by_type.setdefault(event.event_type.encode(), {})
                version = str(event.event_version).encode()
                if version in versions:
                    raise ConfigurationError(
                        f"handlers {versions[version][0].name} and {handler.name} both take "
                        f"{event.event_type} version {event.event_version} of one stream: give one of them another service"
                    )
                versions[version] = (handler, event)

    def decode(self, source: Source, entry_id: bytes, raw: list[bytes], count: int = 1) -> Delivery:
        """Return the delivery for an entry."""
        delivery = Delivery(source, entry_id, raw, count)
        self.read(delivery)
        return delivery

    def read(self, delivery: Delivery) -> None:
        """Fill a delivery from its raw fields."""
        source = delivery.source
        if source.is_replay:
            delivery.replayed = read_replayed(delivery.raw)
        pairs = iter(delivery.original)
        fields = delivery.fields = dict(zip(pairs, pairs, strict=False))
        event_id, correlation_id = fields.get(b"id"), fields.get(b"correlationId")
        problem: tuple[str, str, str] | None = None
        try:
            identity = event_id.decode() if event_id else ""
            flow = correlation_id.decode() if correlation_id else ""
        except UnicodeDecodeError as error:
            identity = flow = ""
            problem = "undecodable", "UnicodeDecodeError", f"id or correlationId: {error}"
        if not identity:
            identity = foreign_event_id(source.origin, delivery.origin_id.decode())
        delivery.remember_as(identity)
        # A flow that names no correlation ID begins here: its first event names it.
        delivery.correlation_id = flow or identity
        delivery.traceparent = text(fields.get(b"traceparent"))
        if problem is None:
            problem = self._find_handler(delivery, fields)
        if problem is not None:
            self._bury(delivery, *problem)

    def _find_handler(self, delivery: Delivery, fields: dict[bytes, bytes]) -> tuple[str, str, str] | None:
        kind = fields.get(b"type")
        if kind is None:
            return "undecodable", "MissingField", "the entry has no field `type`"
        versions = self._by_type.get(kind)
        if versions is None:
            if self._unhandled == "dead_letter":
                return "unhandled", "UnhandledType", f"no handler takes the type {text(kind)!r}"
            delivery.counts_as = "ignored"
            delivery.stage = DONE
            return None
        version = fields.get(b"version", b"1")
        found = versions.get(version)
        if found is None:
            return (
                "unknown_version",
                "UnknownVersion",
                f"{text(kind)} version {text(version)!r} is not one of {', '.join(sorted(map(text, versions)))}",
            )
        payload = fields.get(b"payload")
        if payload is None:
            return "undecodable", "MissingField", "the entry has no field `payload`"
        handler, event = found
        delivery.size = len(payload)
        try:
            delivery.event = event.__pydantic_validator__.validate_json(payload)  # type: ignore[attr-defined]
        except ValidationError as error:
            # The input is left out: it may hold what nobody wants in a log, and it is in the dead letter anyway.
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'payload'}: {each['msg']}" for each in problems[:10])
            invalid = any(each["type"] == "json_invalid" for each in problems)
            return "undecodable" if invalid else "invalid", "ValidationError", told
        except Exception as error:  # noqa: BLE001  # a validator of the event's class may raise anything
            return "invalid", type(error).__name__, describe(error)
        delivery.handler = handler
        return None

    def _bury(self, delivery: Delivery, reason: str, error_type: str, error: str) -> None:
        delivery.handler = None
        delivery.size = sum(map(len, delivery.raw))
        dead_letter(delivery, consumer=self._consumer, reason=reason, error_type=error_type, error=error)
