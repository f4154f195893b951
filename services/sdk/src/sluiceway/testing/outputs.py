"""What was published, as those see it who will read it: decoded from the wire."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from typing_extensions import override

from ..events import Event
from ..handlers import Handler
from ..wire import text

__all__ = ["EventClasses", "Output", "Outputs"]

E = TypeVar("E", bound=Event)


class EventClasses:
    """Finds the class of an event on the wire.

    Args:
        handlers: Their events, those that they take and those that they say they return, go before others.
    """

    def __init__(self, handlers: Iterable[Handler] = ()) -> None:
        self._named = [kind for handler in handlers for kind in (*handler.events, *_returned(handler))]

    def find(self, event_type: str, version: int) -> type[Event] | None:
        """Return the class declared for a type and version, or None; of several the one declared last."""
        for kind in (*self._named, *reversed(list(_below(Event)))):
            if (kind.event_type, kind.event_version) == (event_type, version):
                return kind
        return None


@dataclass(frozen=True, slots=True)
class Output:
    """One published event.

    Args:
        stream: Where it went.
        fields: The entry's fields as they are on the wire.
        entry_id: Where it is in the stream; empty for what a handler returned: see `Kit.published`.
    """

    stream: str
    fields: Mapping[bytes, bytes]
    entry_id: str = ""
    _classes: EventClasses = field(default_factory=EventClasses, repr=False, compare=False)

    @classmethod
    def of(cls, stream: str, flat: Sequence[bytes | str], classes: EventClasses, entry_id: bytes | str = b"") -> Output:
        """Return the output that an entry's flat fields are."""
        parts = [each.encode() if isinstance(each, str) else each for each in flat]
        place = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
        return cls(stream, dict(zip(parts[::2], parts[1::2], strict=True)), place, classes)

    @property
    def event_type(self) -> str:
        """The event's type."""
        return self._text("type")

    @property
    def event_version(self) -> int:
        """The event's version."""
        return int(self._text("version") or 1)

    @property
    def event_id(self) -> str:
        """The event's identity."""
        return self._text("id")

    @property
    def correlation_id(self) -> str:
        """The flow it belongs to."""
        return self._text("correlationId")

    @property
    def causation_id(self) -> str:
        """Event ID of the event that led to it, or an empty text."""
        return self._text("causationId")

    @property
    def traceparent(self) -> str:
        """The W3C trace context, or an empty text."""
        return self._text("traceparent")

    @property
    def key(self) -> str:
        """The ordering key, or an empty text."""
        return self._text("key")

    @property
    def event(self) -> Event:
        """The event, of the class that was declared for its type and version.

        Raises:
            LookupError: No class was.
            pydantic.ValidationError: It does not fit its class.
        """
        kind = self._classes.find(self.event_type, self.event_version)
        if kind is None:
            raise LookupError(
                f"{self.event_type} version {self.event_version}: no event class is declared for it; see `fields`"
            )
        return kind.decode(self.fields[b"payload"])

    def is_a(self, kind: type[Event]) -> bool:
        """Return whether it has a class's type and version."""
        return (self.event_type, self.event_version) == (kind.event_type, kind.event_version)

    def _text(self, name: str) -> str:
        return text(self.fields.get(name.encode()))


class Outputs(Sequence[Output]):
    """Published events in their order.

    Args:
        items: The events.

    Example:
        >>> outcome.outputs.one(PaymentCompleted).order_id
        'A-1'
    """

    def __init__(self, items: Iterable[Output] = ()) -> None:
        self._items = tuple(items)

    @override
    def __len__(self) -> int:
        return len(self._items)

    @typing.overload
    def __getitem__(self, place: int) -> Output: ...
    @typing.overload
    def __getitem__(self, place: slice) -> Outputs: ...
    @override
    def __getitem__(self, place: int | slice) -> Output | Outputs:
        """Return one of them, or some of them."""
        return Outputs(self._items[place]) if isinstance(place, slice) else self._items[place]

    @override
    def __iter__(self) -> Iterator[Output]:
        return iter(self._items)

    @override
    def __eq__(self, other: object) -> bool:
        return self._items == other._items if isinstance(other, Outputs) else NotImplemented

    @override
    def __hash__(self) -> int:
        return hash(tuple(output.event_id for output in self._items))

    @override
    def __repr__(self) -> str:
        return f"[{', '.join(f'{output.event_type} on {output.stream}' for output in self._items)}]"

    @property
    def events(self) -> list[Event]:
        """All of them as events, each of its own class."""
        return [output.event for output in self._items]

    def on(self, stream: str) -> Outputs:
        """Return those of one stream."""
        return Outputs(output for output in self._items if output.stream == stream)

    def all(self, kind: type[E]) -> list[E]:
        """Return those of one class."""
        return [kind.decode(output.fields[b"payload"]) for output in self._items if output.is_a(kind)]

    def one(self, kind: type[E]) -> E:
        """Return the only one of a class.

        Raises:
            AssertionError: There is none, or more than one.
        """
        found = self.all(kind)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} events of {kind.__name__} where one was expected, among {self!r}")
        return found[0]


def _below(kind: type[Event]) -> Iterator[type[Event]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _returned(handler: Handler) -> Iterator[type[Event]]:
    try:
        hint = typing.get_type_hints(handler.call).get("return")
    except (NameError, TypeError):
        # Names under TYPE_CHECKING, or local to a function, cannot be resolved.
        return
    yield from _event_classes(hint)


def _event_classes(hint: Any) -> Iterator[type[Event]]:
    if isinstance(hint, type) and issubclass(hint, Event):
        yield hint
    for part in typing.get_args(hint):
        yield from _event_classes(part)
