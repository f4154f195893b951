"""Modelled consumers: replicas that start, take one entry after the other, and end when they are asked to."""

import heapq
from collections import deque
from dataclasses import dataclass

from .load import Load, Work

__all__ = ["Consumers", "Pods"]


@dataclass(frozen=True, slots=True)
class Pods:
    """What replicas are like.

    Args:
        start_seconds: From the write of the number until a new one asks for entries.
        grace_seconds: How long one that is asked to end may go on with its entry; then the entry is handed back.
    """

    start_seconds: float = 3.0
    grace_seconds: float = 25.0


@dataclass(slots=True)
class _Replica:
    work: Work | None = None
    ending: bool = False
    gone: bool = False


class Consumers:
    """All replicas and the stream that they read. A replica holds one entry at a time.

    Args:
        load: Says how long handlers take.
        pods: What replicas are like.
    """

    def __init__(self, load: Load, pods: Pods) -> None:
        self._load = load
        self._pods = pods
        self._waiting: deque[Work] = deque()
        self._starting: list[_Replica] = []
        self._free: list[_Replica] = []
        self._busy: list[_Replica] = []
        self._due: list[tuple[float, int, _Replica, Work | None, bool]] = []
        self._number = 0
        self._now = 0.0
        self.asked = 0
        self.arrived = 0
        self.done = 0
        self.handed_back = 0
        self.replica_seconds = 0.0
        self.longest_wait = 0.0

    @property
    def lag(self) -> int:
        """Entries that no replica has taken."""
        return len(self._waiting)

    @property
    def in_work(self) -> int:
        """Entries that a replica holds."""
        return len(self._busy)

    @property
    def ready(self) -> int:
        """Replicas that take entries, or would; those that are ending not."""
        return len(self._free) + sum(not each.ending for each in self._busy)

    @property
    def existing(self) -> int:
        """Replicas that cost something: starting, working, waiting and ending."""
        return len(self._starting) + len(self._free) + len(self._busy)

    @property
    def next_due(self) -> float:
        """When something happens by itself next, in seconds."""
        return self._due[0][0] if self._due else float("inf")

    def oldest_age(self) -> float:
        """Return how long the oldest entry that nobody has taken has waited, in seconds."""
        return self._now - self._waiting[0].at if self._waiting else 0.0

    def advance(self, now: float) -> None:
        """Let time pass, with all that happens until then."""
        while self._due and self._due[0][0] <= now:
            at, _, replica, work, cut = heapq.heappop(self._due)
            self._pass(at)
            if replica.gone:
                continue
            if work is None:
                self._starting.remove(replica)
                self._free.append(replica)
            elif replica.work is work:
                self._finish(replica, work, cut=cut)
            self._give()
        self._pass(now)

    def arrive(self, work: Work) -> None:
        """Take an entry; its time is now."""
        self.arrived += 1
        self._waiting.append(work)
        self._give()

    def scale(self, replicas: int) -> None:
        """Ask for so many: new ones start; those go first that are not ready, then those that hold nothing."""
        for _ in range(replicas - self.asked):
            replica = _Replica()
            self._starting.append(replica)
            self._later(self._pods.start_seconds, replica, None)
        for _ in range(self.asked - replicas):
            idle = self._starting or self._free
            if idle:
                idle.pop().gone = True
                continue
            replica = next(each for each in reversed(self._busy) if not each.ending)
            replica.ending = True
            self._later(self._pods.grace_seconds, replica, replica.work, cut=True)
        self.asked = replicas
        self._give()

    def _give(self) -> None:
        while self._waiting and self._free:
            replica, work = self._free.pop(), self._waiting.popleft()
            self.longest_wait = max(self.longest_wait, self._now - work.at)
            replica.work = work
            self._busy.append(replica)
            self._later(self._load.finished_at(self._now, work.seconds) - self._now, replica, work)

    def _finish(self, replica: _Replica, work: Work, *, cut: bool) -> None:
        replica.work = None
        self._busy.remove(replica)
        if cut:
            self.handed_back += 1
            self._waiting.appendleft(work)
        else:
            self.done += 1
        if replica.ending:
            replica.gone = True
        else:
            self._free.append(replica)

    def _later(self, seconds: float, replica: _Replica, work: Work | None, *, cut: bool = False) -> None:
        self._number += 1  # what is due at the same time happens in the order in which it was begun
        heapq.heappush(self._due, (self._now + seconds, self._number, replica, work, cut))

    def _pass(self, now: float) -> None:
        self.replica_seconds += self.existing * (now - self._now)
        self._now = now
