"""A business flow: its events in order, who published each, and what each group made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..ids import derived_event_id, entry_order, foreign_event_id
from ..wire import text

__all__ = ["Entry", "Flow", "FlowEvent", "Outcome", "State", "assemble", "belongs_to"]

State = Literal["settled", "not_delivered", "pending", "handed_back", "waiting_retry", "dead_letter"]

_MOST_OUTPUTS = 32
"""Outputs of one handled event whose origin is recognised."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the flow.

    Args:
        stream: Where it is.
        entry_id: Its ID there.
        fields: Its fields.
        in_stream: False if only a dead letter still knows it.
    """

    stream: str
    entry_id: str
    fields: Mapping[bytes, bytes]
    in_stream: bool = True

    @property
    def type(self) -> str:
        """The event's type, or an empty text."""
        return text(self.fields.get(b"type"))

    @property
    def event_id(self) -> str:
        """The event's identity; of a foreign entry the one that the SDK derives."""
        return text(self.fields.get(b"id")) or foreign_event_id(self.stream, self.entry_id)

    @property
    def causation_id(self) -> str:
        """Event ID of the event that led to this one, or an empty text."""
        return text(self.fields.get(b"causationId"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a group made of an entry, so far.

    Args:
        group: The group.
        state: `settled`: acknowledged, also if the group ignores its type.
        details: What belongs to the state: consumer, idle_seconds, deliveries, due_in_seconds, failures, reason, error, …
        replay: It is about a replayed dead letter.
    """

    group: str
    state: State
    details: Mapping[str, Any] = field(default_factory=dict)
    replay: bool = False


@dataclass(frozen=True, slots=True)
class FlowEvent:
    """An event of the flow in its place.

    Args:
        entry: Where it is.
        published_by: The group whose handler returned it; None where that is not known.
        milliseconds: When it was published, since 1970, by the server's clock.
        delay_ms: Since the previous event of the flow; None for the first.
        since_start_ms: Since the first event of the flow.
        outcomes: What each group of its stream made of it.
    """

    entry: Entry
    published_by: str | None
    milliseconds: int
    delay_ms: int | None
    since_start_ms: int
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """A business flow.

    Args:
        correlation_id: What its events have in common.
        events: In order.
        begins_earlier: An event names a cause that is not among them: trimmed, outside of the window, or elsewhere.
    """

    correlation_id: str
    events: tuple[FlowEvent, ...]
    begins_earlier: bool

    @property
    def total_ms(self) -> int:
        """From the first event to the last."""
        return self.events[-1].since_start_ms if self.events else 0


def belongs_to(correlation_id: str, stream: str, entry_id: str, fields: Mapping[bytes, bytes]) -> bool:
    """Tell whether an entry is part of a flow; one without a correlation ID begins the flow of its event ID."""
    named = fields.get(b"correlationId")
    if named:
        return named == correlation_id.encode()
    return Entry(stream, entry_id, fields).event_id == correlation_id


def assemble(
    correlation_id: str,
    entries: Iterable[Entry],
    outcomes: Mapping[tuple[str, str], Iterable[Outcome]],
    groups: Iterable[str],
) -> Flow:
    """Put a flow together.

    Args:
        correlation_id: What its events have in common.
        entries: Its entries, in any order.
        outcomes: By stream and entry ID.
        groups: All groups that may have published one of them.
    """
    known = list(entries)
    depths = _depths(known)
    known.sort(key=lambda each: _place(each, depths))
    candidates = sorted(set(groups))
    events: list[FlowEvent] = []
    for entry in known:
        milliseconds = entry_order(entry.entry_id)[0]
        first, previous = (events[0], events[-1]) if events else (None, None)
        events.append(
            FlowEvent(
                entry,
                _publisher(entry, candidates),
                milliseconds,
                None if previous is None else milliseconds - previous.milliseconds,
                0 if first is None else milliseconds - first.milliseconds,
                tuple(sorted(outcomes.get((entry.stream, entry.entry_id), ()), key=lambda each: each.group)),
            )
        )
    identities = {entry.event_id for entry in known}
    begins_earlier = any(entry.causation_id and entry.causation_id not in identities for entry in known)
    return Flow(correlation_id, tuple(events), begins_earlier)


def _place(entry: Entry, depths: Mapping[str, int]) -> tuple[int, int, str, int]:
    """Order by time; within one millisecond a cause goes before its effect."""
    milliseconds, sequence = entry_order(entry.entry_id)
    return milliseconds, depths[entry.event_id], entry.stream, sequence


def _depths(entries: Iterable[Entry]) -> dict[str, int]:
    """Return how many of the known events led to each."""
    causes = {entry.event_id: entry.causation_id for entry in entries}
    depths: dict[str, int] = {}
    for event_id, cause in causes.items():
        seen = {event_id}
        while cause in causes and cause not in seen:
            seen.add(cause)
            cause = causes[cause]
        depths[event_id] = len(seen) - 1
    return depths


def _publisher(entry: Entry, groups: Iterable[str]) -> str | None:
    """Return the group that made this event: an output's ID is derived from its cause, the group and its place."""
    cause, event_id = entry.causation_id, entry.event_id
    if not cause:
        return None
    for group in groups:
        if any(derived_event_id(cause, group, index) == event_id for index in range(_MOST_OUTPUTS)):
            return group
    return None
