"""Small value objects that say how an event is handled. Each is valid once made; units are in the names."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .errors import LONGEST_WAIT_SECONDS, ConfigurationError

__all__ = ["ConsumerOptions", "Deduplicate", "Lease", "OnLostGroup", "Retry", "RetryPolicy", "Trim", "Unhandled"]

Unhandled = Literal["ignore", "dead_letter"]
OnLostGroup = Literal["resume", "earliest", "latest", "fail"]


def _at_least(owner: object, name: str, lowest: float, *, whole: bool = False) -> None:
    value = getattr(owner, name)
    kind = int if whole else int | float
    # Written so that it also refuses what compares with nothing (not a number) and what nobody can wait for (infinity).
    if not isinstance(value, kind) or isinstance(value, bool) or not lowest <= value < math.inf:
        number = "a whole number" if whole else "a number"
        raise ConfigurationError(f"{type(owner).__name__}({name}={value!r}): must be {number} of at least {lowest}")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failing event is tried and how long each wait is: exponential, capped, with jitter.

    Args:
        attempts: Starts in all, the first one included; then the event becomes a dead letter. The server counts.
        first_seconds: Wait after the first failure.
        cap_seconds: Longest wait.
        multiplier: Growth from one wait to the next.
        jitter: Share of the wait that is random, 0 to 1, so that many failures do not come back at once.
    """

    attempts: int = 5
    first_seconds: float = 0.2
    cap_seconds: float = 30.0
    multiplier: float = 2.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        _at_least(self, "attempts", 1, whole=True)
        _at_least(self, "first_seconds", 0)
        _at_least(self, "cap_seconds", self.first_seconds)
        _at_least(self, "multiplier", 1)
        _at_least(self, "jitter", 0)
        for name, most in (("jitter", 1), ("cap_seconds", LONGEST_WAIT_SECONDS)):
            if getattr(self, name) > most:
                raise ConfigurationError(f"Retry({name}={getattr(self, name)!r}): must be at most {most}")

    def wait_seconds(self, failures: int, chance: float | None = None) -> float:
        """Return the wait after so many failures (1 or more); `chance` in [0, 1) stands in for the random number."""
        try:
            grown = self.first_seconds * self.multiplier ** (failures - 1)
        except OverflowError:
            grown = self.cap_seconds if self.first_seconds else 0.0
        longest = min(self.cap_seconds, grown)
        return longest * (1 - self.jitter * (random.random() if chance is None else chance))  # noqa: S311


RetryPolicy = Retry | Mapping[type[BaseException], Retry]


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a consumer may hold an entry without a sign of life before another takes it over.

    Args:
        seconds: The lease; it is renewed every third of it for all that is buffered, running or waiting.
        poll_seconds: How often entries whose lease has run out, or that were handed back, are looked for.
    """

    seconds: float = 15.0
    poll_seconds: float = 1.0

    def __post_init__(self) -> None:
        _at_least(self, "seconds", 0.2)
        _at_least(self, "poll_seconds", 0.05)


@dataclass(frozen=True, slots=True)
class Deduplicate:
    """For how long an event ID is remembered, so that a second entry with it has no effect.

    Args:
        seconds: Window; 0 turns markers off. (The same entry is never processed to effect twice in any case.)
    """

    seconds: float = 3600.0

    def __post_init__(self) -> None:
        _at_least(self, "seconds", 0)


@dataclass(frozen=True, slots=True)
class Trim:
    """Keep a stream short without losing anything: removes only what every group has acknowledged.

    Args:
        keep: Entries to keep for replay and reading back, even when all is acknowledged.
        every_seconds: How often to look.
    """

    keep: int = 10_000
    every_seconds: float = 1.0

    def __post_init__(self) -> None:
        _at_least(self, "keep", 0, whole=True)
        _at_least(self, "every_seconds", 0.05)


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """Everything that belongs to one consumer of one stream rather than to one of its handlers.

    Args:
        in_flight: Most entries held in memory at once: buffered, running and not yet committed.
        in_flight_bytes: Most bytes of payload held so; one read may go beyond it when entries suddenly grow.
        read_count: Most entries asked for in one read.
        commit_count: Most entries settled in one commit.
        waiting: Most entries waiting for a retry or an isolated start (their bodies stay on the server).
        lease: See `Lease`.
        deduplicate: See `Deduplicate`.
        unhandled: What becomes of a type that no handler takes: `ignore` (acknowledged and counted: other groups
            may want it) or `dead_letter`.
        start: Where a group begins that never existed: `earliest` or `latest`.
        on_lost_group: Where a group begins that was lost: `resume` (its low watermark), `earliest`, `latest`, or
            `fail` (stop reading and report not ready).
        trim: See `Trim`; None leaves the stream's length alone.
    """

    in_flight: int = 1024
    in_flight_bytes: int = 64 * 1024 * 1024
    read_count: int = 256
    commit_count: int = 256
    waiting: int = 10_000
    lease: Lease = field(default_factory=Lease)
    deduplicate: Deduplicate = field(default_factory=Deduplicate)
    unhandled: Unhandled = "ignore"
    start: Literal["earliest", "latest"] = "earliest"
    on_lost_group: OnLostGroup = "resume"
    trim: Trim | None = None

    def __post_init__(self) -> None:
        for name in ("in_flight", "in_flight_bytes", "read_count", "commit_count", "waiting"):
            _at_least(self, name, 1, whole=True)
        # A script unpacks one marker per entry onto Lua's stack, which holds some 8,000 values.
        for name in ("read_count", "commit_count"):
            if getattr(self, name) > 1000:
                raise ConfigurationError(f"{name}={getattr(self, name)!r}: must be at most 1000")
        for name, allowed in (
            ("unhandled", ("ignore", "dead_letter")),
            ("start", ("earliest", "latest")),
            ("on_lost_group", ("resume", "earliest", "latest", "fail")),
        ):
            if getattr(self, name) not in allowed:
                raise ConfigurationError(f"{name}={getattr(self, name)!r}: must be one of {', '.join(allowed)}")
