"""Keeps the number of dead letters within what was asked for."""

from ..connection import Commands
from ..script import Script
from .trimming import MOST_PER_CALL

__all__ = ["cap"]

_SCRIPT = Script(__package__, "cap")


async def cap(client: Commands, stream: str, keep: int) -> int:
    """Remove the oldest dead letters, a bounded number of them; none of a stream that has groups.

    Args:
        client: A client that answers bytes.
        stream: The stream of the dead letters.
        keep: How many of the newest stay.

    Returns:
        How many went.

    Raises:
        redis.exceptions.RedisError: The server does not answer, or refuses.
    """
    return int(await _SCRIPT.run(client, [stream], [keep, MOST_PER_CALL]))
