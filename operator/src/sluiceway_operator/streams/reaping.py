"""Removes what a dead consumer left: its entries go to the living, then its name goes."""

from dataclasses import dataclass

from ..connection import Commands
from ..script import Script

__all__ = ["RELEASED", "Reaped", "reap"]

RELEASED = "~released"
"""The reserved consumer that holds entries until a living one takes them, within about a second."""
_MOST_PER_CALL = 500
"""Entries moved by one call: about a millisecond of the server's time."""

_SCRIPT = Script(__package__, "reap")


@dataclass(frozen=True, slots=True)
class Reaped:
    """What became of a dead consumer.

    Args:
        released: Entries that were given to others.
        removed: Whether its name is gone; if not, there was more than one call may move: call again.
    """

    released: int
    removed: bool


async def reap(client: Commands, stream: str, group: str, consumer: str) -> Reaped:
    """Give a dead consumer's entries away and remove its name.

    Args:
        client: A client that answers bytes.
        stream: The stream.
        group: The group.
        consumer: A consumer that is known to be dead.

    Raises:
        ValueError: The reserved consumer is never dead.
        redis.exceptions.RedisError: The server does not answer, or refuses.
    """
    if consumer == RELEASED:
        raise ValueError(f"consumer={consumer!r}: is reserved and holds what others shall take")
    released, removed = await _SCRIPT.run(client, [stream], [group, consumer, RELEASED, _MOST_PER_CALL])
    return Reaped(released, bool(removed))
