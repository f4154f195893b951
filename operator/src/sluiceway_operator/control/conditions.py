"""Conditions by the rules of the Kubernetes API: a time moves only when a status flips. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from ..resource import Condition

__all__ = ["ConditionType", "Fact", "Facts", "conditions", "flips"]

Status = Literal["True", "False", "Unknown"]


class ConditionType(StrEnum):
    """What is said of a resource. Part of the API."""

    READY = "Ready"
    ACTIVE = "Active"
    SCALING_LIMITED = "ScalingLimited"
    BACKLOG_KNOWN = "BacklogKnown"
    TARGET_FOUND = "TargetFound"
    VICTIM_SELECTION = "VictimSelection"
    CONSUMERS_KNOWN = "ConsumersKnown"
    TRIMMING = "Trimming"
    DEGRADED = "Degraded"


@dataclass(frozen=True, slots=True)
class Fact:
    """What is so now.

    Args:
        status: Whether it is.
        reason: Why, in one word in CamelCase.
        message: Why, for a person.
    """

    status: Status
    reason: str
    message: str = ""


Facts = Mapping[ConditionType, Fact]


def conditions(before: Sequence[Condition], facts: Facts, generation: int, now: datetime) -> list[Condition]:
    """Return the conditions that say `facts`, in the order of their types.

    Args:
        before: The conditions until now.
        facts: What is so.
        generation: The spec that this is about.
        now: The time, for those whose status flips.
    """
    known = {condition.type: condition for condition in before}
    return [
        Condition(
            type=kind,
            status=fact.status,
            observed_generation=generation,
            last_transition_time=(
                known[kind].last_transition_time if kind in known and known[kind].status == fact.status else now
            ),
            reason=fact.reason,
            message=fact.message,
        )
        for kind in ConditionType
        if (fact := facts.get(kind)) is not None
    ]


def flips(before: Sequence[Condition], after: Sequence[Condition]) -> list[Condition]:
    """Return the conditions whose status is another than before; a new one counts as flipped."""
    known = {condition.type: condition.status for condition in before}
    return [condition for condition in after if known.get(condition.type) != condition.status]
