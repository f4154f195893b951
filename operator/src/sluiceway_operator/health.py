"""When the operator is broken, and when it is ready."""

from collections.abc import Callable, Sequence

from typing_extensions import override

from .web import Health

__all__ = ["STUCK_SECONDS", "OperatorHealth"]

STUCK_SECONDS = 60.0
"""Sweeps so late are stuck: each of their steps is bounded in time, so that no slow server makes them so late."""


class OperatorHealth(Health):
    """Health of an operator that runs.

    Args:
        late_by: Returns by how many seconds sweeps are later than they should be; 0.0 while it stands by.
        synced: Whether all StreamConsumers were listed, or it stands by and need not know them.
    """

    def __init__(self, late_by: Callable[[], float], synced: Callable[[], bool]) -> None:
        self._late_by = late_by
        self._synced = synced

    @override
    def broken(self) -> Sequence[str]:
        late = self._late_by()
        return [f"sweeps: the latest is {late:.0f} s late, they are stuck"] if late > STUCK_SECONDS else []

    @override
    def not_ready(self) -> Sequence[str]:
        return [] if self._synced() else ["StreamConsumers: not listed yet"]
