"""What was seen of one group on one stream, at one moment. Immutable; never a silent zero."""

from dataclasses import dataclass, field

from .resource import Accuracy

__all__ = ["Backlog", "ConsumerSeen", "Observation", "Unknown"]


@dataclass(frozen=True, slots=True)
class Backlog:
    """Unfinished work.

    Args:
        lag: Undelivered entries.
        pending: Entries delivered and not acknowledged.
        replay: Dead letters that were put back and are not done, lag and pending of the replay stream together.
        accuracy: `EXACT`, or `ESTIMATED` for "at least so many" where counting on would have cost too much.
        oldest_age_seconds: Age of the oldest unprocessed entry; 0 if there is none.
    """

    lag: int
    pending: int
    replay: int = 0
    accuracy: Accuracy = Accuracy.EXACT
    oldest_age_seconds: float = 0.0

    @property
    def total(self) -> int:
        """Everything that is not done."""
        return self.lag + self.pending + self.replay


@dataclass(frozen=True, slots=True)
class Unknown:
    """The backlog could not be told.

    Args:
        reason: One word in CamelCase, for a condition.
        message: What went wrong, for a person.
        reachable: Whether the server answered. If it did, work may be waiting that cannot be counted; if it did not,
            nothing is known at all.
    """

    reason: str
    message: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class ConsumerSeen:
    """One consumer of the group.

    Args:
        name: Its name, which is its pod's.
        pending: Entries it holds.
        idle_seconds: Time since it last asked for anything.
    """

    name: str
    pending: int
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one group.

    Args:
        at: When, in seconds of a clock that never goes back.
        replicas: Replicas asked of the target at this time.
        backlog: The group's unfinished work, or why it is not known.
        entries_added: Entries ever added to the stream; None if that is not known.
        consumers: The group's consumers.
        dead_letters: Dead letters of the group.
    """

    at: float
    replicas: int
    backlog: Backlog | Unknown
    entries_added: int | None = None
    consumers: tuple[ConsumerSeen, ...] = field(default=())
    dead_letters: int = 0

    @property
    def holding(self) -> int:
        """Count the consumers that hold work."""
        return sum(consumer.pending > 0 for consumer in self.consumers)
