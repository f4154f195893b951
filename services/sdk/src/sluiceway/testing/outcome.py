"""What became of an event that was delivered to a service."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from ..engine.deadletter import provenance_of
from ..engine.delivery import Delivery, Stage
from ..wire import flat
from .outputs import EventClasses, Output, Outputs

__all__ = ["Outcome", "Status", "attempt_failed", "settled"]

Status = Literal[
    "done",
    "retried",
    "timed_out",
    "rejected",
    "dead_lettered",
    "duplicate",
    "ignored",
    "gone",
    "lost_to_trimming",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event in one group, or of one attempt.

    Args:
        status: `done`; `retried` or `timed_out`, then it is tried again; `rejected` or `dead_lettered`, then it is a dead
            letter; `duplicate`; `ignored`, for a type without a handler; `gone`, when another consumer had settled it
            first; `lost_to_trimming`, when its body was removed while it was pending.
        service: The group it was delivered to.
        stream: The stream it was published to.
        event_id: Its identity.
        entry_id: Its entry there.
        correlation_id: Its flow.
        delivery_count: How often it was started, this time included.
        outputs: What its commit published.
        retry_after_seconds: For how long it waits for its next attempt.
        reason: Why it is a dead letter: `rejected`, `exhausted`, `undecodable`, `invalid`, `unknown_version`,
            `unhandled` or `process_died`.
        error: What the handler raised.
        error_text: What the dead letter says about it, or what the handler raised as text.
    """

    status: Status
    service: str
    stream: str
    event_id: str
    entry_id: str
    correlation_id: str = ""
    delivery_count: int = 1
    outputs: Outputs = field(default_factory=Outputs)
    retry_after_seconds: float | None = None
    reason: str | None = None
    error: BaseException | None = field(default=None, compare=False)
    error_text: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens with the event in this group."""
        return self.status not in ("retried", "timed_out")

    def raise_error(self) -> None:
        """Raise what the handler raised, if it did: a test that expected success then shows where it failed."""
        if self.error is not None:
            raise self.error


def settled(delivery: Delivery, error: BaseException | None, classes: EventClasses) -> Outcome:
    """Return the outcome of a delivery that has left its consumer."""
    status, reason, told = _status(delivery), None, ""
    if status == "dead_lettered":
        provenance: dict[str, Any] = json.loads(provenance_of(delivery))
        reason, told = provenance["reason"], f"{provenance['errorType']}: {provenance['error']}"
        status = "rejected" if reason == "rejected" else status
    outputs = delivery.outputs if status == "done" else []
    return Outcome(
        status,
        **_identity(delivery),
        outputs=Outputs(Output.of(stream, flat(fields), classes) for stream, fields in outputs),
        reason=reason,
        error=error,
        error_text=told,
    )


def attempt_failed(
    delivery: Delivery, error: BaseException | None, *, timed_out: bool, retry_after_seconds: float
) -> Outcome:
    """Return the outcome of an attempt that is to be repeated."""
    return Outcome(
        "timed_out" if timed_out else "retried",
        **_identity(delivery),
        retry_after_seconds=round(retry_after_seconds, 6),
        error=error,
        error_text=f"{type(error).__name__}: {error}" if error is not None else "",
    )


def _status(delivery: Delivery) -> Status:
    kind = delivery.counts_as
    if kind == "lost_to_trimming":
        return "lost_to_trimming"
    if kind == "gone" or delivery.lost or delivery.stage is not Stage.DONE:
        return "gone"
    settlements: dict[str, Status] = {
        "handled": "done",
        "dead_lettered": "dead_lettered",
        "duplicate": "duplicate",
        "ignored": "ignored",
    }
    return settlements[kind]


def _identity(delivery: Delivery) -> dict[str, Any]:
    return {
        "service": delivery.source.group,
        "stream": delivery.source.origin,
        "event_id": delivery.event_id,
        "entry_id": delivery.origin_id.decode(),
        "correlation_id": delivery.correlation_id,
        "delivery_count": delivery.count,
    }
