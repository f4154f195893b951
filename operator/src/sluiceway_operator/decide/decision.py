"""What was decided about replicas, and why."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Decision", "Limit", "Reason"]


class Reason(StrEnum):
    """The rule that had the last word. Part of the API: conditions, metrics and events carry these words."""

    SERVER_UNREACHABLE = "ServerUnreachable"
    BACKLOG_UNKNOWN = "BacklogUnknown"
    COLD_START = "ColdStart"
    DRAIN_TIME = "DrainTime"
    BACKLOG_PER_REPLICA = "BacklogPerReplica"
    STABILIZING = "Stabilizing"
    HELD_WORK = "HeldWork"
    DRAINED = "Drained"
    IDLE_WAIT = "IdleWait"
    IDLE = "Idle"


class Limit(StrEnum):
    """What kept a decision from being what the load asks for."""

    MIN_REPLICAS = "MinReplicas"
    MAX_REPLICAS = "MaxReplicas"
    REPLICAS_PER_STEP = "ReplicasPerStep"


@dataclass(frozen=True, slots=True)
class Decision:
    """How many replicas there shall be.

    Args:
        replicas: That many.
        reason: The rule that had the last word.
        message: The rule with its numbers, for a person.
        wanted: What the load asked for before any limit; None where the load is not known.
        limit: The limit that changed it, if one did.
    """

    replicas: int
    reason: Reason
    message: str
    wanted: int | None = None
    limit: Limit | None = None
