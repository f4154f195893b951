"""What the controller remembers of one resource between two looks."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..decide import Decision, History, PodLedger
from ..entry_id import EntryId
from ..keys import GroupKeys
from ..observe import MOST_COUNTED, Ask, Calibration, Look
from ..registry import Resource
from ..resource import Condition, LastDecision, StreamConsumerStatus
from .deserted import Deserted
from .edits import Edits
from .resting import Rest
from .tally import ResourceTally

__all__ = ["Tracked", "TrimTotals"]


@dataclass(slots=True)
class TrimTotals:
    """What was removed from the stream for this resource.

    Args:
        removed: Entries that went.
        lost: Of these, entries that a group still needed.
        floor: The oldest entry that any group needs.
        length: Entries that are left.
        pinned_by: The group that holds the floor, or that is missing.
        why_not: Why nothing was removed; empty if the policy was followed.
        stale: Groups whose old entries were not waited for.
        by: For each field in which resources on the stream differ, the resource that had its way.
    """

    removed: int = 0
    lost: int = 0
    floor: str = ""
    length: int = 0
    pinned_by: str = ""
    why_not: str = ""
    stale: tuple[str, ...] = ()
    by: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Tracked:
    """One resource and what was learned about it. Everything here can be learned again.

    Args:
        resource: What was asked for.
        history: What decisions know of the past.
        calibration: How far off the server's lag is.
        count_next: How far the next look shall count undelivered entries.
        group_seen: The group existed once.
        look: What the server said at the latest look; None if it did not tell.
        idle_at: The last ID ever given in the stream, if the latest look saw no work and no replica; else None.
        rest: Since the latest step there is nothing to do; None if there is, or may be.
        pods: The target's pods.
        pods_due: When to list them next.
        nobodys: Consumers that were no pods when pods were listed last.
        decision: The latest decision.
        last_change: The latest decision that changed the replicas.
        reported: The status that was reported last.
        conditions: Its conditions.
        reported_at: When, in seconds of the monotonic clock.
        trim_due: When to trim next.
        totals: What trimming did.
        deserted: Groups of its stream that have no consumer.
        tally: What else was done.
        strangers: Consumers that hold entries and never were a pod of the target.
        strangers_told: Those and the ones of the last minute, by name: when each held entries last.
        pods_forbidden: Why pods cannot be seen: a right that we have not; empty if they can.
        marks_forbidden: Why pods could not be marked before the latest reduction; empty if they could.
        edits: What others did to the replicas.
        contest: Who else decides on them, so that we do not; empty if nobody does.
        gone: Nobody asks for it any more: a step that still waits does nothing.
        one_at_a_time: Held by the step that is under way.
    """

    resource: Resource
    history: History
    calibration: Calibration | None = None
    count_next: int = MOST_COUNTED
    group_seen: bool = False
    look: Look | None = None
    idle_at: EntryId | None = None
    rest: Rest | None = None
    pods: PodLedger = field(default_factory=PodLedger)
    pods_due: float = float("-inf")
    nobodys: frozenset[str] = frozenset()
    decision: Decision | None = None
    last_change: LastDecision | None = None
    reported: StreamConsumerStatus | None = None
    conditions: list[Condition] = field(default_factory=list)
    reported_at: float = float("-inf")
    trim_due: float = 0.0
    totals: TrimTotals = field(default_factory=TrimTotals)
    deserted: Deserted = field(default_factory=Deserted)
    tally: ResourceTally = field(default_factory=ResourceTally)
    strangers: tuple[str, ...] = ()
    strangers_told: Mapping[str, float] = field(default_factory=dict)
    pods_forbidden: str = ""
    marks_forbidden: str = ""
    edits: Edits = field(default_factory=Edits)
    contest: str = ""
    gone: bool = False
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def begin(cls, resource: Resource) -> "Tracked":
        """Begin knowing nothing."""
        return cls(resource, History.empty(resource.spec.scaling))

    @property
    def ask(self) -> Ask:
        """What the next look shall ask."""
        spec = self.resource.spec
        keys = GroupKeys(spec.stream, spec.group.name)
        return Ask(spec.stream, spec.group.name, keys.replay, spec.dead_letter.stream or keys.dead, self.count_next)

    def asked_anew(self, resource: Resource) -> None:
        """Take a changed spec; what was learned of streams and pods stays true."""
        guess = resource.spec.scaling.initial_capacity_per_replica
        if guess != self.resource.spec.scaling.initial_capacity_per_replica and not self.history.capacity.observed:
            self.history = History.empty(resource.spec.scaling)
        if resource.spec.stream != self.resource.spec.stream:
            self.deserted = Deserted()
        self.resource, self.rest, self.edits = resource, None, Edits()

    def moved(self) -> None:
        """Forget what was learned of streams: they are looked at on another server from now on."""
        self.history = replace(History.empty(self.resource.spec.scaling), capacity=self.history.capacity)
        self.calibration, self.count_next = None, MOST_COUNTED
        self.group_seen, self.idle_at, self.rest = False, None, None
        self.deserted = Deserted()
        if self.reported is not None:
            # its numbers are another server's
            self.reported = self.reported.model_copy(update={"backlog": None})
