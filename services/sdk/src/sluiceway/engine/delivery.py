"""An entry in this consumer's hands, from the read to the commit."""

from __future__ import annotations

import asyncio
import time
from enum import Enum
from typing import TYPE_CHECKING

from ..context import Flow
from ..ids import derived_event_id, marker
from ..keys import GroupKeys
from ..wire import Fields, encode
from .replayed import Replayed

if TYPE_CHECKING:
    from ..events import Event
    from ..handlers import Handler

__all__ = ["DONE", "READY", "RUNNING", "Delivery", "Run", "Source", "Stage", "Waiting"]


class Source:
    """One stream this consumer reads: the declared one, or the group's private replay stream.

    Args:
        keys: Names of the group's keys on the declared stream.
        replay: Whether this is the replay stream.
    """

    __slots__ = ("cursor", "group", "held", "is_replay", "keys", "origin", "retry", "state", "stream", "waiting")

    def __init__(self, keys: GroupKeys, *, replay: bool) -> None:
        self.keys = keys
        self.group = keys.group
        self.origin = keys.stream
        self.is_replay = replay
        self.stream = keys.replay if replay else keys.stream
        self.retry = f"{keys.retry}:replay" if replay else keys.retry
        self.state = f"{keys.state}:replay" if replay else keys.state
        self.held: dict[bytes, Delivery] = {}
        """Entries with their bodies: buffered, running, or on their way to the commit."""
        self.waiting: dict[bytes, Waiting] = {}
        """Entries that are ours but have no body here: a retry that is not due, or a start that awaits its turn."""
        self.cursor: bytes = b"0-0"
        """Where the search for expired leases goes on."""


class Stage(Enum):
    """How far a delivery has come."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    """Its outcome is known; it waits for the commit."""


READY, RUNNING, DONE = Stage
"""By these names on the hot path: in Python 3.11 each use of an enumeration's attribute costs 0.1 µs."""


class Waiting:
    """An entry we own without its body.

    Args:
        due: When it may start, by the consumer's clock.
        delivery: The delivery it was, if it failed here: it keeps its place in its key's lane.
        alone: It may have ended a process, so it is started while no other such entry runs.
    """

    __slots__ = ("alone", "delivery", "due")

    def __init__(self, due: float, delivery: Delivery | None = None, *, alone: bool = False) -> None:
        self.due = due
        self.delivery = delivery
        self.alone = alone


class Run:
    """A call of a handler, for one delivery or for a batch of them.

    One that ended well is used again for the next call of the same worker. One that did not is no more: the delivery
    may run again, and what the old call left behind must not be taken for a part of the new one.

    Args:
        task: Where it runs.
        single: It is for one delivery.
    """

    __slots__ = ("cancelled", "cancelled_at", "deadline", "given_up", "single", "task")

    def __init__(self, task: asyncio.Task[None], *, single: bool) -> None:
        self.task = task
        self.single = single
        self.deadline = 0.0
        """Monotonic time after which it is cancelled and its entries are no longer renewed."""
        self.cancelled: str | None = None
        """Why we cancelled it: `timeout` or `lost`."""
        self.cancelled_at = 0.0
        """Monotonic time of that."""
        self.given_up = False
        """It did not heed its cancellation: what it still does has no effect."""

    def cancel(self, why: str) -> None:
        """Cancel the handler, once."""
        if self.cancelled is None:
            self.cancelled = why
            self.cancelled_at = time.monotonic()
            self.task.cancel()


class Delivery(Flow):
    """One entry being processed, and the flow that belongs to: what its handler publishes is caused by it.

    Args:
        source: Where it was read.
        entry_id: Its ID there.
        raw: Its fields, flat, as they came.
        count: The server's delivery count.
    """

    __slots__ = (
        "count",
        "counts_as",
        "event",
        "event_id",
        "fields",
        "first_failure",
        "handler",
        "lane",
        "lost",
        "marker",
        "outputs",
        "raw",
        "read_again",
        "recorded",
        "replayed",
        "run",
        "size",
        "stage",
    )

    source: Source

    def __init__(self, source: Source, entry_id: bytes, raw: list[bytes], count: int) -> None:
        super().__init__("", "", "", source, entry_id)
        self.raw = raw
        self.count = count
        self.fields: dict[bytes, bytes] = {}
        self.event_id = ""
        self.marker = b""
        self.event: Event | None = None
        self.handler: Handler | None = None
        self.outputs: list[tuple[str, Fields]] = []
        self.replayed: Replayed | None = None
        """What a replay from the dead letters knows of the original entry."""
        self.size = 0
        """Bytes of the body, roughly."""
        self.recorded = False
        """A retry record of it is on the server."""
        self.first_failure = 0
        """Milliseconds of the first failure the server recorded; 0 for none."""
        self.lane: tuple[int, str] | None = None
        """The queue it stands in: its handler's ID and its key."""
        self.stage = READY
        self.run: Run | None = None
        """The call of its handler that is under way."""
        self.lost = False
        """Another consumer owns it now."""
        self.read_again = False
        """It was delivered to us once more while we held it: its group was made anew."""
        self.counts_as = "handled"
        """What its settlement is counted as."""

    @property
    def publishes(self) -> str | None:
        """The stream its handler's outputs go to."""
        return self.handler.publishes if self.handler else None

    @property
    def origin_id(self) -> bytes:
        """The entry's ID in the declared stream."""
        return self.replayed.entry_id if self.replayed else self.entry_id

    @property
    def original(self) -> list[bytes]:
        """The fields as they were published: flat, byte for byte, in their order."""
        return self.replayed.original if self.replayed else self.raw

    def remember_as(self, event_id: str) -> None:
        """Set the event's identity and the marker made from it."""
        self.event_id = self.causation_id = event_id
        self.marker = marker(event_id, self.replayed.nonce if self.replayed else "")

    def add_output(self, event: Event, stream: str, key: str = "") -> None:
        """Add an event to the commit, with an ID derived from this one's."""
        output_id = derived_event_id(self.event_id, self.source.group, len(self.outputs))
        fields = encode(
            event, output_id, self.correlation_id, causation_id=self.event_id, traceparent=self.traceparent, key=key
        )
        self.outputs.append((stream, fields))

    def extend(self, seconds: float) -> None:
        """Move the time limit of the running handler to so many seconds from now."""
        if self.run is not None:
            self.run.deadline = time.monotonic() + seconds

    def restart(self, raw: list[bytes], count: int) -> None:
        """Begin anew with a body fetched again; identity, lane and records stay."""
        self.raw = raw
        self.count = count
        self.outputs = []
        self.stage = READY
        self.counts_as = "handled"
        self.run = None
