"""Keeps a stream as short as was asked for, behind what any group still needs."""

from collections.abc import Collection
from dataclasses import dataclass

from ..connection import Commands
from ..script import Script
from .rules import TrimRules

__all__ = ["MOST_PER_CALL", "TrimOrder", "Trimmed", "trim"]

MOST_PER_CALL = 1000
"""Entries removed by one call: about a millisecond of the server's time."""

_SCRIPT = Script(__package__, "trim")


@dataclass(frozen=True, slots=True)
class TrimOrder:
    """What to remove from a stream.

    Args:
        stream: The stream.
        rules: What was asked for.
        groups: Every group that is known to belong to the stream; while one of them is missing nothing is removed, since
            what it needs cannot be told. They are waited for, whether anybody reads them or not.
        deserted: Groups that have had no consumer for `rules.stale_seconds`.
    """

    stream: str
    rules: TrimRules
    groups: Collection[str]
    deserted: Collection[str] = ()


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
        stale: Groups whose old entries were not waited for, since nobody reads them.
        without_consumer: Groups that have no consumer; told only where `rules.stale_seconds` is given.
    """

    removed: int
    lost: int
    length: int
    floor: str
    held_by: str
    why_not: str
    stale: tuple[str, ...] = ()
    without_consumer: tuple[str, ...] = ()

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
    rules = order.rules
    numbers: list[str | int] = [
        -1 if rules.keep is None else rules.keep,
        -1 if rules.keep_seconds is None else rules.keep_seconds * 1000,
        rules.hard_cap,
        MOST_PER_CALL,
        rules.stale_seconds * 1000,
        len(order.groups),
    ]
    reply = await _SCRIPT.run(client, [order.stream], [*numbers, *sorted(order.groups), *sorted(order.deserted)])
    removed, lost, length, *words = reply
    floor, held_by, why_not = (each.decode("utf-8", "replace") for each in words[:3])
    stale, without = (tuple(each.decode("utf-8", "replace") for each in names) for names in words[3:])
    return Trimmed(removed, lost, length, floor, held_by, why_not, stale, without)
