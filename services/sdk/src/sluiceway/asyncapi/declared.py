"""What services declare, by stream: who sends and who receives which events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ..events import Event
from ..keys import GroupKeys
from ..service import Service

__all__ = ["Part", "parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """One service's part in one stream.

    Args:
        service: The service's name.
        action: Whether it sends or receives.
        stream: The stream.
        events: Which events, each once, in the order of their declaration.
        handlers: Names of the handlers that do it; none where a publisher sends.
        group: The group that receives; empty where it sends.
        dead_letters: The stream that the group's dead letters go to; empty where it sends.
    """

    service: str
    action: Literal["send", "receive"]
    stream: str
    events: tuple[type[Event], ...]
    handlers: tuple[str, ...]
    group: str = ""
    dead_letters: str = ""


def parts(service: Service) -> Iterator[Part]:
    """Yield what a service receives, then what it sends; each stream once."""
    for stream, handlers in service.handlers.items():
        yield Part(
            service.name,
            "receive",
            stream,
            _once(event for handler in handlers for event in handler.events),
            tuple(handler.name for handler in handlers),
            service.group,
            GroupKeys(stream, service.group).dead,
        )
    sent: dict[str, list[type[Event]]] = {stream: list(events) for stream, events in service.published.items()}
    by: dict[str, list[str]] = {}
    for handlers in service.handlers.values():
        for handler in handlers:
            if handler.publishes is not None:
                sent.setdefault(handler.publishes, []).extend(handler.returns)
                by.setdefault(handler.publishes, []).append(handler.name)
    for stream, events in sent.items():
        yield Part(service.name, "send", stream, _once(events), tuple(by.get(stream, ())))


def _once(events: Iterable[type[Event]]) -> tuple[type[Event], ...]:
    return tuple(dict.fromkeys(events))
