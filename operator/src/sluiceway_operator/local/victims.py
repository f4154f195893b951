"""Who goes when replicas are to be fewer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Candidate", "choose"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One replica that may go.

    Args:
        name: Its name.
        running: Whether its program runs; False while it waits for its next start.
        started: When the replica was made; only the order matters.
    """

    name: str
    running: bool
    started: float


def choose(candidates: Sequence[Candidate], count: int, held: Mapping[str, int]) -> list[str]:
    """Return the names of those that go: what does not run first, then who holds least, then the youngest.

    The order is that of a ReplicaSet (`controller.kubernetes.io/pod-deletion-cost`), so that what is seen on a laptop is
    what happens in a cluster.

    Args:
        candidates: Those to choose from.
        count: How many go; less than one: none.
        held: Entries that each holds.
    """
    ordered = sorted(candidates, key=lambda each: (each.running, held.get(each.name, 0), -each.started))
    return [each.name for each in ordered[: max(0, count)]]
