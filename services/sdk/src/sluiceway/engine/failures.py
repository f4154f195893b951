"""What a failed attempt leads to: another try after a wait, or the dead letters. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Reject, RetryLater
from ..handlers import Handler

__all__ = ["Bury", "TryAgain", "after_failure", "died_too_often"]


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Start the entry again after so many seconds."""

    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Bury:
    """Write a dead letter for this reason."""

    reason: str


def after_failure(handler: Handler, starts: int, error: BaseException, chance: float | None = None) -> TryAgain | Bury:
    """Decide what follows a failed attempt.

    Args:
        handler: Whose policy counts.
        starts: Starts so far, this one included.
        error: What the handler raised.
        chance: Stands in for the random part of the wait, in [0, 1).
    """
    if isinstance(error, Reject):
        return Bury("rejected")
    policy = handler.retry_for(error)
    if starts >= policy.attempts:
        return Bury("exhausted")
    if isinstance(error, RetryLater):
        return TryAgain(error.seconds)
    return TryAgain(policy.wait_seconds(starts, chance))


def died_too_often(handler: Handler, count: int, failures: int) -> bool:
    """Return whether an entry that was taken over has ended too many processes to be started once more.

    The server's count also counts a delivery that was only prefetched when its consumer died, so one of these may
    not have been a start: the entry gets the benefit of it and nothing is ever dead-lettered without being run.

    Args:
        handler: Whose policy counts.
        count: Delivery count before the start in question.
        failures: Attempts that ended with a recorded failure; those did not end a process.
    """
    return count - failures > handler.retry[BaseException].attempts
