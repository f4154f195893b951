"""The wire format: how an event and its envelope become stream fields, and back.

Only `type` and `payload` are required of a producer. Optional fields are written only where they say something,
since every byte of them is stored and sent for each entry.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import PublishError
from .events import Event

__all__ = ["KNOWN", "Envelope", "Fields", "encode", "flat", "text"]

KNOWN = frozenset(
    (
        b"id",
        b"type",
        b"payload",
        b"correlationId",
        b"causationId",
        b"traceparent",
        b"key",
        b"version",
        b"time",
    )
)
"""Fields with a meaning of their own; any other is foreign and handed over as it is."""


Fields = tuple[tuple[bytes, ...], Sequence[bytes | str]]
"""An entry's field names and their values. Apart, since names repeat and the scripts take them once for many entries."""

_ALWAYS: tuple[bytes, ...] = (b"id", b"type", b"payload", b"correlationId")


class Envelope:
    """What travels with a payload. One is made per published event, so it is a plain object.

    Args:
        event_id: Identity across redeliveries and republishing.
        correlation_id: One per business flow.
        causation_id: Event ID of the event that led to this one; empty for a first one.
        traceparent: W3C trace context; empty for none.
        key: What orders events (`order_by="key"`); empty for none.
    """

    __slots__ = ("causation_id", "correlation_id", "event_id", "key", "traceparent")

    def __init__(
        self, event_id: str, correlation_id: str, causation_id: str = "", traceparent: str = "", key: str = ""
    ) -> None:
        self.event_id = event_id
        self.correlation_id = correlation_id
        self.causation_id = causation_id
        self.traceparent = traceparent
        self.key = key

    def around(self, event: Event) -> Fields:
        """Return the fields of an entry that carries an event in this envelope: see `encode`."""
        return encode(
            event,
            self.event_id,
            self.correlation_id,
            causation_id=self.causation_id,
            traceparent=self.traceparent,
            key=self.key,
        )


def encode(
    event: Event, event_id: str, correlation_id: str, *, causation_id: str = "", traceparent: str = "", key: str = ""
) -> Fields:
    """Return an entry's fields.

    The other arguments are those of an `Envelope`, which the engine does without.

    Raises:
        PublishError: The event's class declares no type, or the key is no text.
    """
    if not event.event_type:
        name = type(event).__name__
        raise PublishError(f'{name} has no event type: declare it as class {name}(Event, type="…")')
    names = _ALWAYS
    values: list[bytes | str] = [event_id, event.event_type, event.encode(), correlation_id]
    if causation_id:
        names += (b"causationId",)
        values.append(causation_id)
    if traceparent:
        names += (b"traceparent",)
        values.append(traceparent)
    if key:
        if not isinstance(key, str):
            raise PublishError(f"key={key!r}: must be text")
        names += (b"key",)
        values.append(key.encode())
    if event.event_version != 1:
        names += (b"version",)
        values.append(str(event.event_version))
    return names, values


def flat(fields: Fields) -> list[bytes | str]:
    """Return an entry's fields as XADD takes them: each name before its value."""
    return [part for pair in zip(*fields, strict=True) for part in pair]


def text(value: bytes | None) -> str:
    """Return an optional field as text; bytes that are no UTF-8 become replacement characters."""
    return value.decode("utf-8", "replace") if value else ""
