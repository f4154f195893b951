"""What an error means to the person at the terminal: message and exit code."""

import pytest
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from sluiceway import ConfigurationError, PublishError, Unavailable
from sluiceway.cli.exits import Exit, Failure
from sluiceway.cli.failures import explained


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("a group needs a name"), Exit.USAGE),
        (AuthenticationError("WRONGPASS invalid username-password pair"), Exit.USAGE),
        (ResponseError("NOAUTH Authentication required."), Exit.USAGE),
        (caused(Unavailable("stream orders: WRONGPASS"), AuthenticationError("WRONGPASS")), Exit.USAGE),
        (RedisConnectionError("Error 111 connecting"), Exit.UNREACHABLE),
        (ConnectionResetError("reset"), Exit.UNREACHABLE),
        (TimeoutError(), Exit.UNREACHABLE),
        (caused(Unavailable("stream orders: OOM"), OutOfMemoryError("OOM")), Exit.UNREACHABLE),
        (ResponseError("LOADING Redis is loading the dataset in memory"), Exit.UNREACHABLE),
        (NoPermissionError("User x has no permissions to run the 'xinfo|groups' command"), Exit.FAILED),
        (PublishError("stream orders: WRONGTYPE"), Exit.FAILED),
        (Failure("as it is", Exit.FAILED), Exit.FAILED),
    ],
)
def test_an_error_ends_a_command_with_the_code_that_says_whether_to_try_again(error: Exception, code: Exit) -> None:
    failure = explained(error, "redis://h:1/0")

    assert failure.exit_code is code
    assert str(failure)


def test_a_missing_right_is_named_as_it_would_be_granted() -> None:
    error = NoPermissionError("User x has no permissions to run the 'xinfo|groups' command")

    assert "+xinfo|groups" in str(explained(error, "redis://h:1/0"))
