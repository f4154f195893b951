"""Tells from a server's answer which right a user lacks. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from redis.exceptions import NoPermissionError, ResponseError

__all__ = ["advice", "is_about_a_key", "is_denied"]

_COMMAND = re.compile(r"to run the '([^']+)' command")
# redis-py takes NOPERM off, and the servers' wordings differ.
_DENIED = ("NOPERM", "o permissions to", "can't run this command", "ACL failure in script")
_KEY = re.compile(r"access (a|one of the) keys?\b")


def is_denied(error: BaseException | str) -> bool:
    """Return whether the server said that the user lacks a right, itself or for a command within a script."""
    text = str(error)
    return isinstance(error, NoPermissionError) or (
        isinstance(error, ResponseError | str) and any(words in text for words in _DENIED)
    )


def is_about_a_key(error: BaseException | str) -> bool:
    """Return whether a denial is about a key and not about a command."""
    return _KEY.search(str(error)) is not None


def advice(error: BaseException | str, keys: Sequence[str], commands: Sequence[str]) -> str:
    """Return what to grant, as ACL SETUSER takes it.

    Servers name a denied command but no denied key, and Redis 7.0 not even the command if a script called it; then
    all that comes into question is named.

    Args:
        error: The denial.
        keys: What was touched.
        commands: What was called, in small letters.

    Example:
        >>> advice("ACL failure in script: User u has no permissions to run the 'xadd' command", ["orders"], [])
        'allow +xadd with ACL SETUSER'
    """
    named = _COMMAND.search(str(error))
    if named:
        lacking = [f"+{named[1]}"]
    elif is_about_a_key(error):
        lacking = [f"~{key}" for key in keys]
    else:
        lacking = [f"+{command}" for command in commands]
    return f"allow {' '.join(lacking)} with ACL SETUSER"
