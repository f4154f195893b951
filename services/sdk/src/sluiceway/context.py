"""What a handler knows about the event it handles, and the IDs that travel with a flow.

The current flow lives in one context variable: set per HTTP request and per handled event, read by whatever
publishes meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import ConfigurationError
from .ids import entry_milliseconds
from .wire import KNOWN, text

if TYPE_CHECKING:
    from .engine.delivery import Delivery, Source
    from .events import Event

__all__ = ["Context", "Flow", "current_correlation_id", "current_flow"]

_LONGEST_TIME = 14
"""Digits of a time in milliseconds; more would be beyond what a date can hold."""


class Flow:
    """The IDs that tie events together. One is made per event, so it is a plain object.

    Args:
        correlation_id: One per business flow; empty starts a new one.
        causation_id: Event ID of the event being handled; empty outside of a handler.
        traceparent: W3C trace context; empty for none.
        source: Where the event being handled was read; None outside of a handler.
        entry_id: The entry's ID there.
    """

    __slots__ = ("causation_id", "correlation_id", "entry_id", "source", "traceparent")

    def __init__(
        self,
        correlation_id: str = "",
        causation_id: str = "",
        traceparent: str = "",
        source: Source | None = None,
        entry_id: bytes = b"",
    ) -> None:
        self.correlation_id = correlation_id
        self.causation_id = causation_id
        self.traceparent = traceparent
        self.source = source
        self.entry_id = entry_id


_NO_FLOW = Flow()

current_flow: ContextVar[Flow] = ContextVar("sluiceway_flow", default=_NO_FLOW)


def current_correlation_id() -> str:
    """Return the ID of the business flow that this code runs for: the request's, or that of the event being handled.

    What is published meanwhile carries it. In a batch handler it is the first event's; outside of requests and handlers
    it is an empty text.

    Example:
        >>> await bank.charge(order, headers={"X-Correlation-Id": current_correlation_id()})
    """
    return current_flow.get().correlation_id


class Context:
    """What a handler may ask about the event in its hands, and add to its commit.

    Example:
        >>> async def charge(order: OrderCreated, context: Context) -> None:
        ...     await provider.charge(order, idempotency_key=context.event_id)
        ...     context.publish(AuditEntry(order_id=order.order_id), stream="audit")
    """

    __slots__ = ("_delivery", "_run")

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._run = delivery.run

    @property
    def event_id(self) -> str:
        """The event's identity across redeliveries and republishing: the key for effects outside Redis."""
        return self._delivery.event_id

    @property
    def entry_id(self) -> str:
        """The entry's ID in that stream, also when the event is replayed: a later one is newer."""
        return self._delivery.origin_id.decode()

    @property
    def stream(self) -> str:
        """The stream the event was published to."""
        return self._delivery.source.origin

    @property
    def group(self) -> str:
        """The consuming group."""
        return self._delivery.source.group

    @property
    def delivery_count(self) -> int:
        """How often the event was started, by the server's count; 1 for the first time."""
        return self._delivery.count

    @property
    def correlation_id(self) -> str:
        """The business flow's ID."""
        return self._delivery.correlation_id

    @property
    def causation_id(self) -> str:
        """Event ID of the event that led to this one, or an empty text."""
        return text(self._delivery.fields.get(b"causationId"))

    @property
    def traceparent(self) -> str:
        """The W3C trace context, or an empty text."""
        return self._delivery.traceparent

    @property
    def key(self) -> str:
        """The producer's ordering key, or an empty text."""
        return text(self._delivery.fields.get(b"key"))

    @property
    def published_at(self) -> datetime:
        """When the event was published: its `time` field if that is a number of milliseconds, else the entry's time."""
        time = self._delivery.fields.get(b"time", b"")
        usable = time.isdigit() and len(time) <= _LONGEST_TIME
        milliseconds = int(time) if usable else entry_milliseconds(self._delivery.origin_id)
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    @property
    def payload(self) -> bytes:
        """The event as it is in the stream, byte for byte: for who keeps it or hands it on and need not encode it anew."""
        return self._delivery.fields.get(b"payload", b"")

    @property
    def fields(self) -> Mapping[str, bytes]:
        """Foreign fields of the entry: what the wire format does not name, as it came."""
        return {text(name): value for name, value in self._delivery.fields.items() if name not in KNOWN}

    def publish(self, event: Event, *, stream: str | None = None, key: str = "") -> None:
        """Add an event to what is committed together with this one's acknowledgement.

        Args:
            event: What to publish.
            stream: Where to; the handler's `publishes` if not given.
            key: Ordering key; empty for none.

        Raises:
            ConfigurationError: Neither the call nor the handler names a stream, or the name is none, or the run that
                this context belongs to is over.
        """
        target = stream or self._delivery.publishes
        if not target:
            raise ConfigurationError("context.publish(…): name a stream, or give the handler publishes=…")
        if not isinstance(target, str) or not target.isprintable():  # type: ignore[redundant-expr]
            raise ConfigurationError(f"context.publish(…, stream={target!r}): must be printable text")
        if self._delivery.run is not self._run:
            raise ConfigurationError("context.publish(…): this run of the handler is over, it was given up")
        self._delivery.add_output(event, target, key)

    def extend(self, seconds: float) -> None:
        """Allow the running handler so many seconds more, counted from now, before it is cancelled.

        Args:
            seconds: New time limit from now.
        """
        if self._delivery.run is self._run:
            self._delivery.extend(seconds)
