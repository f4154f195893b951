"""Durations and points in time as a person writes and reads them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["iso", "parse_duration", "shown_duration"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as `90s`, `15m`, `1h30m` or `2d`; a bare number is seconds.

    Raises:
        ValueError: It is no duration, or not more than 0.
    """
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        seconds = float(text)
    elif re.fullmatch(rf"({_PART.pattern})+", text):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    else:
        raise ValueError(f"{text!r} is not a duration, write for example 500ms, 90s, 15m, 1h30m or 2d")
    if not 0 < seconds <= 36_500 * _UNITS["d"]:
        raise ValueError(f"{text!r} is out of range, give more than 0 and at most 36500d")
    return seconds


def shown_duration(seconds: float) -> str:
    """Return a duration with two significant units: `12 ms`, `3.4 s`, `4m 05s`, `3h 12m`, `5d 03h`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3600:02}h"


def iso(milliseconds: int) -> str:
    """Return milliseconds since 1970 as ISO 8601 in UTC; one that no calendar holds stays a number."""
    try:
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"
