"""What is true of a modelled world at a moment, whatever an operator thinks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sluiceway.testing.memory.streams import EntryId
from sluiceway_operator.streams import RELEASED

from .world import STREAM, World

__all__ = ["GroupTruth", "Moment"]


@dataclass(frozen=True, slots=True)
class GroupTruth:
    """A group.

    Args:
        last: ID of the last entry that it was given.
        held: What was delivered and not acknowledged, each with its consumer.
        undelivered: Entries that nobody was given.
        consumers: Everyone whom the server knows.
    """

    last: EntryId
    held: Mapping[EntryId, str]
    undelivered: frozenset[EntryId]
    consumers: frozenset[str]

    @property
    def needed(self) -> frozenset[EntryId]:
        """Entries that it has not finished."""
        return self.undelivered | self.held.keys()

    def held_by_each(self) -> dict[str, int]:
        """How much each consumer holds."""
        owners = list(self.held.values())
        return {name: owners.count(name) for name in self.consumers - {RELEASED}}


@dataclass(frozen=True, slots=True)
class Moment:
    """A server and its targets.

    Args:
        entries: What is in the stream.
        groups: By their names.
        replayed: Dead letters that were put back, by group.
        replicas: Asked of each target.
        writes: How many there were.
    """

    entries: frozenset[EntryId]
    groups: Mapping[str, GroupTruth]
    replayed: Mapping[str, int]
    replicas: Mapping[str, int]
    writes: int

    @classmethod
    def of(cls, world: World) -> Moment:
        stream = world.server.stream(STREAM)
        groups = {
            name.decode(): GroupTruth(
                group.last,
                {entry_id: each.consumer.decode() for entry_id, each in group.pending.items()},
                frozenset(entry_id for entry_id in stream.entries if entry_id > group.last),
                frozenset(map(bytes.decode, group.consumers)),
            )
            for name, group in stream.groups.items()
        }
        return cls(
            frozenset(stream.entries),
            groups,
            {name: world.replayed(name) for name in world.asked},
            dict(world.pods.counts),
            len(world.pods.written),
        )

    def work(self, name: str) -> int | None:
        """What a group has not finished; None: there is no such group."""
        group = self.groups.get(name)
        return None if group is None else len(group.held) + len(group.undelivered) + self.replayed.get(name, 0)
