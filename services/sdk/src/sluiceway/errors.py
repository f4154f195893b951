"""What can go wrong, as a caller sees it, and the two outcomes a handler may raise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .publisher import Receipt

__all__ = [
    "ConfigurationError",
    "NotReplicated",
    "PartialPublish",
    "PublishError",
    "Reject",
    "RetryLater",
    "SluicewayError",
    "Unavailable",
]

LONGEST_WAIT_SECONDS = 31_536_000
"""A year: nothing waits longer for its next attempt."""


class SluicewayError(Exception):
    """Base of every error that the SDK raises."""


class ConfigurationError(SluicewayError):
    """A declaration or an option that cannot work; raised at import or start, never while consuming."""


class PublishError(SluicewayError):
    """The server refused an event for good (wrong key type, missing permission)."""


class Unavailable(PublishError):
    """The server cannot take events now: unreachable, full, read-only or loading.

    The event may or may not be in the stream. Publishing it again under the same event ID is safe:
    consumers drop the second copy. An HTTP service answers 503.

    Args:
        reason: What the server or the socket said.
        retry_after_seconds: A sensible wait before the next try, in seconds.
    """

    def __init__(self, reason: str, retry_after_seconds: int = 2) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class NotReplicated(Unavailable):
    """The events are in the stream, but on fewer replicas than `RedisSettings(replicas=…)` asks for.

    They are not taken back. If the server is lost now they may be, too; else the replicas get them later. Publishing
    again under the same event ID waits for the replicas again.

    Args:
        reason: What was reached.
        reached: Replicas that have it.
        wanted: Replicas that should.
    """

    def __init__(self, reason: str, reached: int, wanted: int) -> None:
        super().__init__(reason)
        self.reached = reached
        self.wanted = wanted


class PartialPublish(PublishError):
    """Some events of `publish_many` are in the stream and some are not.

    Args:
        receipts: One item an event in the order given; None where it is not known to be in.
        reason: The first error.
    """

    def __init__(self, receipts: Sequence[Receipt | None], reason: str) -> None:
        missing = sum(receipt is None for receipt in receipts)
        super().__init__(f"{missing} of {len(receipts)} events are not in the stream: {reason}")
        self.receipts = tuple(receipts)


class RetryLater(SluicewayError):
    """Raised by a handler: try this event again after so many seconds. It counts as an attempt.

    Args:
        seconds: How long to wait at least; a year at most.
    """

    def __init__(self, seconds: float) -> None:
        if not 0 <= seconds <= LONGEST_WAIT_SECONDS:
            raise ConfigurationError(f"RetryLater(seconds={seconds!r}): must be 0 to {LONGEST_WAIT_SECONDS}")
        super().__init__(f"retry in {seconds} s")
        self.seconds = seconds


class Reject(SluicewayError):
    """Raised by a handler: this event can never succeed; it goes to the dead letters at once.

    Args:
        reason: Kept with the dead letter.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
