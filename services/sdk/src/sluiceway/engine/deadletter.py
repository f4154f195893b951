"""How an entry becomes a dead letter: its provenance and its original fields, byte for byte."""

from __future__ import annotations

import json
import time

from ..ids import entry_milliseconds
from ..wire import Fields
from .delivery import DONE, Delivery
from .packing import MOST_STRINGS, pack

__all__ = ["PROVENANCE", "PROVENANCE_PACKED", "dead_letter", "provenance_of"]

PROVENANCE = b"deadLetter"
"""First field of a dead letter; its value is JSON. The original fields follow, untouched and in their order."""
PROVENANCE_PACKED = b"deadLetterPacked"
"""First field in its place where there are too many original fields: one field follows, with all of them packed."""

_LONGEST_ERROR = 2000


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
    provenance = {
        "stream": delivery.source.origin,
        "entryId": delivery.origin_id.decode(),
        "group": delivery.source.group,
        "consumer": consumer,
        "reason": reason,
        "starts": starts if starts is not None else (delivery.count if delivery.handler else 0),
        "publishedTime": entry_milliseconds(delivery.origin_id),
        "firstTime": delivery.first_failure or now,
        "lastTime": now,
        "errorType": error_type,
        "error": error[:_LONGEST_ERROR],
        "eventId": delivery.event_id,
        "correlationId": delivery.correlation_id,
        "traceparent": delivery.traceparent,
    }
    told = json.dumps(provenance, ensure_ascii=False, separators=(",", ":"))
    original = delivery.original
    if len(original) <= MOST_STRINGS:
        fields: Fields = (PROVENANCE, *original[::2]), (told, *original[1::2])
    else:
        fields = (PROVENANCE_PACKED, b"fields"), (told, pack(original))
    delivery.outputs = [(delivery.source.keys.dead, fields)]
    delivery.counts_as = "dead_lettered"
    delivery.stage = DONE


def provenance_of(delivery: Delivery) -> str | bytes:
    """Return what is told, as JSON, of a delivery that has become a dead letter."""
    ((_, (_, values)),) = delivery.outputs
    return values[0]
