"""How a span tells a failure."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from opentelemetry.trace import Span, Status, StatusCode

from ..error_text import describe
from .attributes import ERROR_TYPE

__all__ = ["mark_failed", "record_error"]


def record_error(span: Span, error: BaseException, attributes: Mapping[str, str]) -> None:
    """Add an error to a span as an event.

    `Span.record_exception` would ask the error for its text, and the user's class may answer with another error.

    Args:
        span: Where it happened.
        error: What was raised.
        attributes: More for the event, such as which message it was.
    """
    if span.is_recording():
        told = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace").decode()
        span.add_event(
            "exception",
            {
                "exception.type": _name(error),
                "exception.message": describe(error),
                "exception.stacktrace": told,
                **attributes,
            },
        )


def mark_failed(span: Span, error: BaseException) -> None:
    """Say that what a span stands for failed."""
    span.set_attribute(ERROR_TYPE, _name(error))
    span.set_status(Status(StatusCode.ERROR, describe(error)))


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
