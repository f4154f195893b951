"""What was seen and decided, as it is reported."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from .model import Model

__all__ = [
    "Accuracy",
    "BacklogStatus",
    "Condition",
    "LastDecision",
    "RatesStatus",
    "ReplicasStatus",
    "StreamConsumerStatus",
    "TrimStatus",
]


class Accuracy(StrEnum):
    """How well a backlog is known."""

    EXACT = "Exact"
    ESTIMATED = "Estimated"
    UNKNOWN = "Unknown"


class ReplicasStatus(Model):
    """Replicas of the target."""

    current: int | None = None
    desired: int | None = None
    wanted: int | None = None
    reason: Annotated[str, Field(max_length=63)] | None = None


class BacklogStatus(Model):
    """The group's unfinished work."""

    lag: int | None = None
    pending: int | None = None
    dead_letters: int | None = None
    accuracy: Accuracy | None = None
    oldest_age_seconds: int | None = None


class RatesStatus(Model):
    """What the decision rests on."""

    arrivals_per_second: int | None = None
    per_replica_per_second: int | None = None


class LastDecision(Model):
    """The latest decision that changed something."""

    time: datetime | None = None
    desired_replicas: int | None = None
    reason: Annotated[str, Field(max_length=63)] | None = None
    message: Annotated[str, Field(max_length=1024)] | None = None


class TrimStatus(Model):
    """What was removed from the stream."""

    floor: Annotated[str, Field(max_length=64)] | None = None
    length: int | None = None
    trimmed_total: int | None = None
    lost_total: int | None = None
    pinned_by: Annotated[str, Field(max_length=256)] | None = None


class Condition(Model):
    """A metav1.Condition."""

    type: Annotated[str, Field(max_length=316, pattern="^[A-Za-z][A-Za-z0-9]*$")]
    status: Literal["True", "False", "Unknown"]
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    last_transition_time: datetime
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    message: Annotated[str, Field(max_length=32_768)]


class StreamConsumerStatus(Model):
    """The whole of it; it can be rebuilt at any time."""

    observed_generation: int | None = None
    replicas: ReplicasStatus | None = None
    backlog: BacklogStatus | None = None
    rates: RatesStatus | None = None
    last_decision: LastDecision | None = None
    trim: TrimStatus | None = None
    conditions: Annotated[list[Condition], Field(max_length=16)] | None = None
