"""Dead letters as text and as JSON. Pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from ..deadletters import DeadLetter
from ..ids import entry_milliseconds
from ..wire import text
from .moments import iso, shown_duration
from .table import Block, Table

__all__ = ["letter_document", "letter_report", "list_document", "list_report"]

_LONGEST_ERROR = 80


def list_report(letters: Sequence[DeadLetter], total: int, now: int) -> list[Block]:
    """Return a list of dead letters as text.

    Args:
        letters: The ones to show.
        total: How many there are.
        now: The server's time in milliseconds.
    """
    if not letters:
        return ["no dead letters"]
    rows = tuple(
        (
            letter.id,
            shown_duration(max(0, now - entry_milliseconds(letter.id)) / 1000),
            _type(letter),
            str(letter.provenance["reason"]),
            str(letter.provenance["starts"]),
            _short(f"{letter.provenance['errorType']}: {letter.provenance['error']}"),
        )
        for letter in letters
    )
    table = Table(("id", ">age", "type", "reason", ">starts", "error"), rows)
    more = total - len(letters)
    return [table, f"{more} more; --limit N shows more of them"] if more > 0 else [table]


def list_document(letters: Sequence[DeadLetter], total: int, now: int) -> dict[str, Any]:
    """Return a list of dead letters as a JSON document."""
    return {
        "total": total,
        "dead_letters": [
            {
                "id": letter.id,
                "age_seconds": max(0, now - entry_milliseconds(letter.id)) / 1000,
                "type": _type(letter),
                **_snake(letter.provenance),
            }
            for letter in letters
        ],
    }


def letter_report(letter: DeadLetter) -> list[Block]:
    """Return one dead letter as text: where it comes from, and the original fields."""
    provenance = tuple(
        (name.replace("_", " "), f"{value} ({iso(value)})" if name.endswith("_time") else str(value))
        for name, value in _snake(letter.provenance).items()
    )
    fields = tuple((_shown(name), _shown(value)) for name, value in letter.fields)
    return [Table(("dead letter", letter.id), provenance), "", Table(("original field", "value"), fields)]


def letter_document(letter: DeadLetter) -> dict[str, Any]:
    """Return one dead letter as a JSON document; bytes that are no UTF-8 are `base64` instead of `text`."""
    return {
        "id": letter.id,
        "provenance": _snake(letter.provenance),
        "fields": [{"name": _json(name), "value": _json(value)} for name, value in letter.fields],
    }


def _type(letter: DeadLetter) -> str:
    return text(dict(letter.fields).get(b"type"))


def _snake(provenance: dict[str, Any]) -> dict[str, Any]:
    return {
        "".join(f"_{each.lower()}" if each.isupper() else each for each in name): value
        for name, value in provenance.items()
    }


def _short(error: str) -> str:
    line = " ".join(error.split())
    return line if len(line) <= _LONGEST_ERROR else f"{line[: _LONGEST_ERROR - 1]}…"


def _shown(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return repr(value)


def _json(value: bytes) -> dict[str, str]:
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
