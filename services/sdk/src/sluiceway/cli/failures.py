"""What an error of the SDK or of the server means to the person at the terminal. Pure."""

from __future__ import annotations

from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..connection.faults import is_temporary
from ..errors import ConfigurationError, SluicewayError, Unavailable
from ..rights import advice, is_denied
from .exits import Exit, Failure

__all__ = ["explained"]

_LOGIN = ("WRONGPASS", "NOAUTH", "NOPERM this user", "ERR AUTH", "ERR invalid password", "invalid username-password")


def explained(error: Exception, address: str) -> Failure:
    """Return the failure that ends the command.

    Args:
        error: What was raised.
        address: The server's address without its password.
    """
    text = str(error) or type(error).__name__
    cause = error.__cause__ if isinstance(error, SluicewayError) else None
    if isinstance(cause, RedisError | OSError) and not isinstance(cause, ResponseError):
        return explained(cause, address)
    if isinstance(error, Failure):
        return error
    if isinstance(error, ConfigurationError):
        return Failure(text, Exit.USAGE)
    if isinstance(error, AuthenticationError | AuthenticationWrongNumberOfArgsError) or text.startswith(_LOGIN):
        return Failure(f"{address} refuses the user or the password: {text}", Exit.USAGE)
    if isinstance(error, Unavailable):
        return Failure(f"{address} cannot take it now, {text}", Exit.UNREACHABLE)
    if is_denied(error):
        # What knows the key has said already what to allow.
        told = text if "ACL SETUSER" in text else f"{text}; {advice(text, (), ())}"
        return Failure(f"{address}: {told}, or use another user")
    if isinstance(error, RedisConnectionError | RedisTimeoutError | OSError | TimeoutError):
        return Failure(
            f"{address} cannot be reached: {text}; is the server running, is --redis right?", Exit.UNREACHABLE
        )
    if isinstance(error, ResponseError) and is_temporary(error):
        return Failure(f"{address} cannot do it now: {text}", Exit.UNREACHABLE)
    return Failure(f"{address}: {text}")
