"""A recorded load: a CSV file with what arrived in each interval."""

import csv
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from .load import Load, Work

__all__ = ["BadRecording", "read_recording"]

_MOST_ENTRIES = 5_000_000


class BadRecording(Exception):
    """A file is no recording; the message names line and field."""


def read_recording(path: Path, handler_seconds: float) -> Load:
    """Read a recording.

    Args:
        path: CSV with the columns `seconds` (since the beginning, ascending) and `arrivals` (how many from then to the
            next line; an interval lasts as long as the one before it at the end), and optionally `handler_seconds`.
        handler_seconds: How long a handler takes where the file does not say it.

    Raises:
        BadRecording: It is none.
        OSError: It cannot be read.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = {"seconds", "arrivals"} - set(rows.fieldnames or ())
        if missing:
            raise BadRecording(
                f"{path}:1: column {', '.join(sorted(missing))} is missing, the first line names the columns"
            )
        intervals = [
            (
                _number(path, rows.line_num, "seconds", row["seconds"]),
                _number(path, rows.line_num, "arrivals", row["arrivals"]),
                _number(path, rows.line_num, "handler_seconds", row.get("handler_seconds") or handler_seconds),
            )
            for row in rows
        ]
    if len(intervals) < 2:
        raise BadRecording(f"{path}: a recording has two lines at least")
    if sum(arrivals for _, arrivals, _ in intervals) > _MOST_ENTRIES:
        raise BadRecording(
            f"{path}: more than {_MOST_ENTRIES} entries; give every tenth and --handler-seconds times ten"
        )
    for number, ((before, _, _), (after, _, _)) in enumerate(pairwise(intervals), 3):
        if after <= before:
            raise BadRecording(f"{path}:{number}: seconds {after:g} does not come after {before:g}")
    begin = intervals[0][0]
    last = intervals[-1][0] - intervals[-2][0]
    ends = [*(each for each, _, _ in intervals[1:]), intervals[-1][0] + last]
    return Load.of(path.stem, _works(intervals, ends, begin), ends[-1] - begin)


def _works(intervals: list[tuple[float, float, float]], ends: list[float], begin: float) -> Iterator[Work]:
    for (since, arrivals, seconds), until in zip(intervals, ends, strict=True):
        count = int(arrivals)
        for number in range(count):
            yield Work(since - begin + (until - since) * number / count, seconds)


def _number(path: Path, line: int, column: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        raise BadRecording(f"{path}:{line}: {column} {value!r} is not a number") from None
    if not 0 <= number < float("inf"):
        raise BadRecording(f"{path}:{line}: {column} {value} is out of range, the least is 0")
    return number
