"""What one group still has to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import override

from .moments import shown_duration
from .streams import GroupInfo, StreamInfo
from .table import Block, Table

__all__ = ["COUNTED_AT_MOST", "ConsumerState", "GroupState", "Lag", "document", "judge_lag", "report"]

COUNTED_AT_MOST = 100
"""Entries fetched to count a lag that the server's account does not settle."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Entries not yet delivered to a group.

    Args:
        entries: How many; None where nobody can tell.
        certainty: `exact`; `estimated`: the server's account, which entries removed since may have put wrong;
            `unknown`: the server has no account.
        at_least: What is certain.
    """

    entries: int | None
    certainty: Literal["exact", "estimated", "unknown"]
    at_least: int

    def __add__(self, other: Lag) -> Lag:
        """Return the lag over two streams, as certain as the less certain of both."""
        entries = None if self.entries is None or other.entries is None else self.entries + other.entries
        order = ("exact", "estimated", "unknown")
        certainty = max(self.certainty, other.certainty, key=order.index)
        return Lag(entries, certainty, self.at_least + other.at_least)

    @override
    def __str__(self) -> str:
        if self.entries is None:
            return f"unknown, {self.at_least}+"
        return str(self.entries) if self.certainty == "exact" else f"about {self.entries}"


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """A consumer of a group.

    Args:
        name: Its name; `~released` holds what stopped consumers handed back.
        pending: Entries it owns.
        idle_seconds: Since it last asked for or claimed anything.
    """

    name: str
    pending: int
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class GroupState:
    """A group on a stream, its replayed dead letters included.

    Args:
        stream, group: Which.
        lag: Entries not yet delivered.
        pending: Entries delivered and not acknowledged.
        oldest_age_seconds: Age of its oldest unprocessed entry; None without one.
        dead_letters: Dead letters kept.
        consumers: Who is in it.
    """

    stream: str
    group: str
    lag: Lag
    pending: int
    oldest_age_seconds: float | None
    dead_letters: int
    consumers: tuple[ConsumerState, ...]


def judge_lag(stream: StreamInfo, group: GroupInfo, counted: int) -> Lag:
    """Return a group's lag and how certain it is.

    The server's number is right as long as nothing was ever removed from the stream; afterwards it may be too high
    for good, or missing. So entries behind the cursor are counted up to a bound.

    Args:
        stream: The stream.
        group: The group.
        counted: Entries found behind the group's last delivered one, at most `COUNTED_AT_MOST`.
    """
    if stream.delivered_all(group):
        return Lag(0, "exact", 0)
    if group.lag is not None and stream.added == stream.length:
        return Lag(group.lag, "exact", group.lag)
    if counted < COUNTED_AT_MOST:
        return Lag(counted, "exact", counted)
    if group.lag is not None:
        return Lag(max(counted, min(group.lag, stream.length)), "estimated", counted)
    return Lag(None, "unknown", counted)


def report(states: Sequence[GroupState], unread: Sequence[str], *, consumers: bool) -> list[Block]:
    """Return the groups as text.

    Args:
        states: The groups.
        unread: Streams that no group reads.
        consumers: Also list each group's consumers.
    """
    blocks: list[Block] = []
    if states:
        titles = ("stream", "group", ">lag", ">pending", ">oldest", ">consumers", ">dead letters")
        blocks.append(Table(titles, tuple(map(_row, states))))
    names = [
        (state.stream, state.group, each.name, str(each.pending), shown_duration(each.idle_seconds))
        for state in states
        for each in state.consumers
    ]
    if consumers and names:
        blocks += ["", Table(("stream", "group", "consumer", ">pending", ">idle"), tuple(names))]
    if unread:
        blocks.append(f"no group reads: {', '.join(unread)}")
    return blocks or ["there is no stream on this server"]


def document(states: Sequence[GroupState], unread: Sequence[str]) -> dict[str, Any]:
    """Return the groups as a JSON document."""
    return {
        "groups": [
            {
                "stream": state.stream,
                "group": state.group,
                "lag": state.lag.entries,
                "lag_certainty": state.lag.certainty,
                "lag_at_least": state.lag.at_least,
                "pending": state.pending,
                "oldest_age_seconds": state.oldest_age_seconds,
                "dead_letters": state.dead_letters,
                "consumers": [
                    {"name": each.name, "pending": each.pending, "idle_seconds": each.idle_seconds}
                    for each in state.consumers
                ],
            }
            for state in states
        ],
        "streams_without_group": list(unread),
    }


def _row(state: GroupState) -> tuple[str, ...]:
    age = state.oldest_age_seconds
    return (
        state.stream,
        state.group,
        str(state.lag),
        str(state.pending),
        "-" if age is None else shown_duration(age),
        str(len(state.consumers)),
        str(state.dead_letters),
    )
