"""Watches the replicas of a Deployment of the bench, and waits for writes of them."""

from __future__ import annotations

from tests.bench.contender import BenchError
from tests.bench.operator.stage import NAMESPACE, Stage, until
from tests.support.replica_writes import ReplicaWrites, Write

__all__ = ["Watch", "Write"]


class Watch(ReplicaWrites):
    """Collects the writes of one Deployment's replicas while it is open.

    Args:
        stage: Where it is.
        name: Its name.
    """

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(stage.api, NAMESPACE, name)

    def first(self, since: float, replicas: int | None = None) -> Write | None:
        """Return the first write after a time that asks for some replicas, or for so many."""
        for write in list(self.writes):
            if write.at > since and (write.replicas == replicas if replicas is not None else write.replicas):
                return write
        return None

    def wait(self, since: float, replicas: int | None = None, seconds: float = 60.0) -> Write:
        """Wait for `first`.

        Raises:
            BenchError: It never came.
        """
        until(lambda: self.first(since, replicas), f"{replicas or 'some'} replicas asked for", seconds, pause=0.001)
        found = self.first(since, replicas)
        if found is None:
            raise BenchError("a write that was seen is not there any more")
        return found
