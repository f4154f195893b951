"""Keeps a stream as short as was asked for, behind what any group still needs."""

from collections.abc import Collection
from dataclasses import dataclass, field

from ..connection import Commands
from ..resource import Trim, TrimPolicy
from ..script import Script

__all__ = ["MOST_PER_CALL", "TrimOrder", "Trimmed", "trim"]

MOST_PER_CALL = 1000
"""Entries removed by one call: about a millisecond of the server's time."""

_SCRIPT = Script(__package__, "trim")


@dataclass(frozen=True, slots=True)
class TrimOrder:
    """What to remove from a stream.

    Args:
        stream: The stream.
        trim: What was asked for.
        groups: Every group that is known to belong to the stream; while one of them is missing nothing is removed, since
            what it needs cannot be told.
        stale: Groups that no longer hold the floor.
    """

    stream: str
    trim: Trim
    groups: Collection[str]
    stale: Collection[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What was removed.

    Args:
        removed: Entries that went.
        lost: Of these, entries that a group still needed: never more than 0 without `hardMaxLength`.
        length: Entries that are left.
        floor: The oldest entry that any group still needs; empty if there is no group.
        held_by: The group that holds it, or that is missing.
        why_not: `GroupMissing`, `NoGroup` or `NoStream` if the policy could not be followed, else empty.
    """

    removed: int
    lost: int
    length: int
    floor: str
    held_by: str
    why_not: str

    @property
    def more(self) -> bool:
        """Whether one call was not enough."""
        return self.removed >= MOST_PER_CALL


async def trim(client: Commands, order: TrimOrder) -> Trimmed:
    """Remove what nobody needs, a bounded number of entries.

    Args:
        client: A client that answers bytes.
        order: What to remove.

    Raises:
        redis.exceptions.RedisError: The server does not answer, or refuses.
    """
    wanted = order.trim
    keep = wanted.max_length if wanted.policy is TrimPolicy.LENGTH and wanted.max_length is not None else -1
    age = wanted.max_age_seconds if wanted.policy is TrimPolicy.AGE else None
    keep_ms = -1 if age is None else age * 1000
    numbers: list[str | int] = [keep, keep_ms, wanted.hard_max_length, MOST_PER_CALL, len(order.groups)]
    reply = await _SCRIPT.run(client, [order.stream], [*numbers, *sorted(order.groups), *sorted(order.stale)])
    removed, lost, length, floor, held_by, why_not = reply
    return Trimmed(removed, lost, length, floor.decode(), held_by.decode(), why_not.decode())
