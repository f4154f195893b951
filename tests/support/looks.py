"""Looks at a group, told in a test's own words, and what the controller makes of them one after the other."""

from __future__ import annotations

from typing import Any

from sluiceway_operator.decide import Decision, History, decide_replicas, learn
from sluiceway_operator.observation import Backlog, ConsumerSeen, Observation, Unknown
from sluiceway_operator.resource import Accuracy, Scaling

__all__ = ["UNCOUNTABLE", "UNREACHABLE", "Controller", "look", "scaling"]

UNREACHABLE = Unknown("ServerUnreachable", "connection refused", reachable=False)
UNCOUNTABLE = Unknown("LagNull", "the server cannot tell the lag", reachable=True)


def scaling(**fields: Any) -> Scaling:
    """Scaling by the resource's own field names; 0 to 20 replicas and a drain time of 10 s unless told otherwise."""
    return Scaling.model_validate({"maxReplicas": 20, **fields})


def look(
    at: float,
    replicas: int,
    *,
    lag: int = 0,
    held: tuple[int, ...] = (),
    released: int = 0,
    replay: int = 0,
    added: int | None = 0,
    accuracy: Accuracy = Accuracy.EXACT,
) -> Observation:
    """A look that could tell the backlog.

    Args:
        at: Second.
        replicas: Replicas at this time.
        lag: Undelivered entries.
        held: Pending entries of each consumer.
        released: Pending entries that no consumer holds any more.
        replay: Backlog of the replay stream.
        added: Entries ever added to the stream.
        accuracy: Of the numbers.
    """
    consumers = tuple(ConsumerSeen(f"pod-{number}", pending, 0.0) for number, pending in enumerate(held))
    return Observation(at, replicas, Backlog(lag, sum(held) + released, replay, accuracy), added, consumers)


class Controller:
    """Learns and decides look by look, as the operator does."""

    def __init__(self, asked: Scaling) -> None:
        self.asked = asked
        self.history = History.empty(asked)
        self.last: Decision | None = None

    def sees(self, seen: Observation) -> Decision:
        """Take one look and decide."""
        decision, self.history = decide_replicas(self.asked, learn(self.history, self.asked, seen))
        self.last = decision
        return decision

    def sees_nothing(self, at: float, replicas: int, why: Unknown) -> Decision:
        """Take a look that fails."""
        return self.sees(Observation(at, replicas, why))
