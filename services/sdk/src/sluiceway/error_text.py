"""An error's words, whatever the error is."""

from __future__ import annotations

__all__ = ["describe"]


def describe(error: BaseException) -> str:
    """Return an error's text, whatever it is: one that cannot be read, or not be encoded, must do no harm."""
    try:
        told = str(error)
    except Exception as unreadable:  # noqa: BLE001  # the user's class
        told = f"(its text cannot be read: {type(unreadable).__name__})"
    return told.encode("utf-8", "backslashreplace").decode()
