"""How an entry becomes a dead letter: its provenance and its original fields, byte for byte."""

from __future__ import annotations

import json
import time

from ..ids import entry_milliseconds
from .delivery import Delivery, Stage

__all__ = ["PROVENANCE", "dead_letter"]

PROVENANCE = b"deadLetter"
"""First field of a dead letter; its value is JSON. The original fields follow, untouched and in their order."""

_LONGEST_ERROR = 2000
_REPLAY_FIELDS = (b"replayOf", b"replayNonce")


def dead_letter(
    delivery: Delivery, *, consumer: str, reason: str, error_type: str, error: str, starts: int | None = None
) -> None:
    """Turn a delivery into one whose commit writes a dead letter.

    Args:
        delivery: What failed.
        consumer: Who gave up on it.
        reason: undecodable | invalid | unknown_version | unhandled | rejected | exhausted | process_died.
        error_type: Class of the last error.
        error: Its text; cut at 2,000 characters.
        starts: How often the handler was started; the delivery count if not given, and 0 where none ever was.
    """
    now = int(time.time() * 1000)
    fields = delivery.fields
    replayed = fields.get(b"replayOf")
    provenance = {
        "stream": delivery.source.origin,
        "entryId": (replayed or delivery.entry_id).decode(),
        "group": delivery.source.group,
        "consumer": consumer,
        "reason": reason,
        "starts": starts if starts is not None else (delivery.count if delivery.handler else 0),
        "publishedTime": entry_milliseconds(replayed or delivery.entry_id),
        "firstTime": delivery.first_failure or now,
        "lastTime": now,
        "errorType": error_type,
        "error": error[:_LONGEST_ERROR],
        "eventId": delivery.event_id,
        "correlationId": delivery.flow.correlation_id,
        "traceparent": delivery.flow.traceparent,
    }
    original: list[bytes | str] = []
    for name, value in zip(delivery.raw[::2], delivery.raw[1::2], strict=True):
        if name not in _REPLAY_FIELDS:
            original += (name, value)
    body: list[bytes | str] = [PROVENANCE, json.dumps(provenance, ensure_ascii=False, separators=(",", ":"))]
    delivery.outputs = [(delivery.source.keys.dead, body + original)]
    delivery.counts_as = "dead_lettered"
    delivery.stage = Stage.DONE
