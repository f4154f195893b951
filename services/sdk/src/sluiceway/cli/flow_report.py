"""A flow as text and as JSON. Pure."""

from __future__ import annotations

from typing import Any

from .flow import Flow, FlowEvent, Outcome
from .moments import iso, shown_duration
from .table import Block, Table

__all__ = ["flow_document", "flow_report"]

_LONGEST_ERROR = 80


def flow_report(flow: Flow) -> list[Block]:
    """Return a flow as text: a row an event, under it a row a group."""
    rows: list[tuple[str, ...]] = []
    for event in flow.events:
        rows.append(_event_row(event))
        rows += [("", "", "", "", "", f"-> {outcome.group}", "", _words(outcome)) for outcome in event.outcomes]
    number = len(flow.events)
    total = shown_duration(flow.total_ms / 1000)
    blocks: list[Block] = [
        f"flow {flow.correlation_id}: {number} event{'s' if number != 1 else ''}, {total} from the first to the last",
        "",
        Table(("time", ">+previous", ">+start", "stream", "type", "published by", "entry id", "outcome"), tuple(rows)),
    ]
    if flow.begins_earlier:
        blocks += ["", "An event names a cause that is not here: trimmed, older than --since, or not in these streams."]
    return blocks


def flow_document(flow: Flow) -> dict[str, Any]:
    """Return a flow as a JSON document."""
    return {
        "correlation_id": flow.correlation_id,
        "total_ms": flow.total_ms,
        "begins_earlier": flow.begins_earlier,
        "events": [
            {
                "time": iso(event.milliseconds),
                "time_ms": event.milliseconds,
                "delay_ms": event.delay_ms,
                "since_start_ms": event.since_start_ms,
                "stream": event.entry.stream,
                "entry_id": event.entry.entry_id,
                "in_stream": event.entry.in_stream,
                "type": event.entry.type,
                "event_id": event.entry.event_id,
                "causation_id": event.entry.causation_id or None,
                "published_by": event.published_by,
                "outcomes": [
                    {"group": outcome.group, "outcome": outcome.state, "replay": outcome.replay, **outcome.details}
                    for outcome in event.outcomes
                ],
            }
            for event in flow.events
        ],
    }


def _event_row(event: FlowEvent) -> tuple[str, ...]:
    by = event.published_by or ("a handler" if event.entry.causation_id else "outside")
    return (
        iso(event.milliseconds),
        "" if event.delay_ms is None else shown_duration(event.delay_ms / 1000),
        shown_duration(event.since_start_ms / 1000),
        event.entry.stream,
        event.entry.type or "(no type)",
        by,
        event.entry.entry_id,
        "" if event.entry.in_stream else "(no longer in the stream)",
    )


def _words(outcome: Outcome) -> str:
    about = outcome.details
    words = {
        "settled": "settled",
        "not_delivered": "not yet delivered",
        "handed_back": "handed back by a stopped consumer",
    }.get(outcome.state, "")
    if outcome.state == "pending":
        words = f"pending with {about['consumer']} for {shown_duration(about['idle_seconds'])}, delivered {about['deliveries']}x"
    elif outcome.state == "waiting_retry":
        words = f"waiting for a retry due in {shown_duration(about['due_in_seconds'])}, failed {about['failures']}x: {_short(about['error'])}"
    elif outcome.state == "dead_letter":
        words = f"dead letter {about['letter_id']}, {about['reason']}: {_short(about['error'])}"
    return f"replayed, {words}" if outcome.replay else words


def _short(error: str) -> str:
    line = " ".join(error.split())
    return line if len(line) <= _LONGEST_ERROR else f"{line[: _LONGEST_ERROR - 1]}…"
