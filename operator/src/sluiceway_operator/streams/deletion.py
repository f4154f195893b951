"""Deletes a group that nobody reads any more."""

from dataclasses import dataclass
from typing import Literal, cast

from ..connection import Commands
from ..keys import GroupKeys
from ..script import Script

__all__ = ["GroupDeleted", "delete_group"]

_SILENT_MS = 5_000
"""Consumers of the SDK ask at least once a second."""
_MOST_COUNTED = 10_000

_SCRIPT = Script(__package__, "delete_group")


@dataclass(frozen=True, slots=True)
class GroupDeleted:
    """What became of a group.

    Args:
        how: It was `deleted`; it was `missing`, like what belonged to it now; or it is `in-use` and was left alone.
        pending: Entries that consumers held and had not acknowledged.
        undelivered: Entries that nobody had been given, counted up to 10,000.
        reader: A consumer that still reads.
    """

    how: Literal["deleted", "missing", "in-use"]
    pending: int = 0
    undelivered: int = 0
    reader: str = ""

    @property
    def lost(self) -> int:
        """Entries that the group will never process."""
        return self.pending + self.undelivered


async def delete_group(client: Commands, stream: str, group: str) -> GroupDeleted:
    """Delete a group with what the SDK remembers of it, unless a consumer has asked for something within five seconds.

    Redis 7.0 notes only when a consumer was given something; there, consumers of a silent stream are not noticed.

    Args:
        client: A client that answers bytes.
        stream: The stream, which stays.
        group: The group.

    Raises:
        redis.exceptions.RedisError: The server does not answer, or refuses.
    """
    keys = GroupKeys(stream, group)
    reply = await _SCRIPT.run(client, [stream, keys.state, f"{keys.state}:retry"], [group, _SILENT_MS, _MOST_COUNTED])
    how, pending, undelivered, reader = reply
    known = cast("Literal['deleted', 'missing', 'in-use']", how.decode())
    return GroupDeleted(known, pending, undelivered, reader.decode("utf-8", "replace"))
