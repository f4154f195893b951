"""One load under one policy, second by second."""

from dataclasses import dataclass

from .consumers import Consumers, Pods
from .load import Load
from .policies import Policy, Seen

__all__ = ["Moment", "Run", "run"]

_AFTERWARDS_SECONDS = 600.0
"""How long it goes on after the load's end: what is left is worked off, and replicas that stay too long cost."""
_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What there was at the end of a second.

    Args:
        at: The time in seconds.
        replicas: Replicas that exist, those that start or end included.
        lag: Entries that nobody had taken.
        in_work: Entries that replicas held.
        oldest_age: How long the oldest entry that nobody had taken had waited, in seconds.
    """

    at: float
    replicas: int
    lag: int
    in_work: int
    oldest_age: float


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it.

    Args:
        moments: Every second.
        replica_seconds: Replicas times the seconds that they existed.
        changes: How often another number was asked for.
        longest_wait: The longest that an entry waited until a replica took it, in seconds.
        arrived: Entries that arrived.
        done: Entries that are done at the end.
        left: Entries that are not.
        handed_back: How often a replica had to end with an entry in work.
    """

    moments: tuple[Moment, ...]
    replica_seconds: float
    changes: int
    longest_wait: float
    arrived: int
    done: int
    left: int
    handed_back: int

    def missed_seconds(self, within_seconds: float) -> int:
        """Count the seconds at whose end an entry had waited for longer than it should."""
        return sum(moment.oldest_age > within_seconds for moment in self.moments)

    @property
    def most_replicas(self) -> int:
        """The most replicas that existed at once."""
        return max(moment.replicas for moment in self.moments)


def run(load: Load, policy: Policy, pods: Pods) -> Run:
    """Replay a load.

    Args:
        load: What arrives.
        policy: Decides; a new one for each run.
        pods: What replicas are like.
    """
    consumers = Consumers(load, pods)
    consumers.scale(policy.first)
    works, at = load.works, 0
    end = load.seconds + _AFTERWARDS_SECONDS
    look_due, moment_due = 0.0, _EVERY_SECONDS
    moments: list[Moment] = []
    changes = 0
    while moment_due <= end:
        arrival = works[at].at if at < len(works) else float("inf")
        now = min(arrival, look_due, moment_due)
        consumers.advance(now)
        if arrival <= now:
            consumers.arrive(works[at])
            at += 1
            if not (policy.wakes and consumers.asked == 0):
                continue
        elif moment_due <= now:
            moments.append(_moment(consumers, now))
            moment_due += _EVERY_SECONDS
            continue
        else:
            look_due = now + policy.interval_seconds
        wanted = policy.decide(_seen(consumers, now))
        changes += wanted != consumers.asked
        consumers.scale(wanted)
    return Run(
        tuple(moments),
        consumers.replica_seconds,
        changes,
        consumers.longest_wait,
        consumers.arrived,
        consumers.done,
        consumers.lag + consumers.in_work,
        consumers.handed_back,
    )


def _seen(consumers: Consumers, now: float) -> Seen:
    return Seen(
        now,
        consumers.asked,
        consumers.ready,
        consumers.lag,
        consumers.in_work,
        consumers.arrived,
        consumers.done,
        consumers.oldest_age(),
    )


def _moment(consumers: Consumers, now: float) -> Moment:
    return Moment(now, consumers.existing, consumers.lag, consumers.in_work, consumers.oldest_age())
