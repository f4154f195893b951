"""What is said of the target's pods and of the group's consumers, which shall be those pods. Pure."""

from ..observation import Observation, Unknown
from ..resource import ScaleTargetRef
from .conditions import ConditionType, Fact
from .tracked import Tracked

__all__ = ["pod_facts"]

_NAMED = 5
"""Strangers that a message names; the others are counted."""


def pod_facts(tracked: Tracked, seen: Observation | None, *, heeding: bool) -> dict[ConditionType, Fact]:
    """Say whether victims can be chosen, whether all consumers are known, and what is missing for it.

    Args:
        tracked: The resource.
        seen: The look; None if there was none.
        heeding: Whether a target of this kind can be told which of its replicas go first.
    """
    facts = {
        ConditionType.VICTIM_SELECTION: _victims(tracked, tracked.resource.spec.scale_target_ref, heeding=heeding),
        ConditionType.CONSUMERS_KNOWN: _consumers(tracked, seen),
    }
    if tracked.pods_forbidden:
        message = (
            f"dead consumers are not removed and pods that hold work are not spared; allow the operator to list and "
            f"patch pods: {tracked.pods_forbidden}"
        )
        facts[ConditionType.DEGRADED] = Fact("True", "PodsForbidden", message)
    return facts


def _victims(tracked: Tracked, ref: ScaleTargetRef, *, heeding: bool) -> Fact:
    if not heeding:
        message = (
            f"a {ref.kind} cannot be told which of its pods go first; what the chosen ones hold is finished or handed "
            f"back when they are asked to end"
        )
        return Fact("False", "NotSupported", message)
    forbidden = tracked.pods_forbidden or tracked.marks_forbidden
    if forbidden:
        return Fact("False", "PodsForbidden", f"pods cannot be marked with what they hold: {forbidden}")
    return Fact("True", "ByHeldEntries", "pods that hold least go first")


def _consumers(tracked: Tracked, seen: Observation | None) -> Fact:
    if tracked.pods_forbidden:
        return Fact("Unknown", "PodsForbidden", f"nobody knows which consumers are pods: {tracked.pods_forbidden}")
    if seen is None or isinstance(seen.backlog, Unknown):
        return Fact("Unknown", "NotSeen", "the consumers of the group were not seen")
    if not tracked.strangers_told:
        return Fact("True", "AllKnown")
    names = list(tracked.strangers_told)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    message = (
        f"{', '.join(names[:_NAMED])}{more}: never seen as a pod of the target, but holding entries; such consumers "
        f"are left alone. If nobody is behind a name, its entries go to others when their lease is over"
    )
    return Fact("False", "UnknownConsumers", message)
