"""When in a run the faults are due, so that they are spread over it however short or long it is. Pure arithmetic."""

from dataclasses import dataclass

_LEAST_KILLS = 3
_SECONDS_BETWEEN_KILLS = 10.0
_TRICKLE_PER_SECOND = 10.0


@dataclass(frozen=True, slots=True)
class KillSchedule:
    """Which kill is due after how many orders.

    Args:
        orders: orders of the run; ``None``: endless.
        rate: orders per second.
    """

    orders: int | None
    rate: float

    @property
    def kills(self) -> int | None:
        """How many kills the run has: three, or one every ten seconds where that is more; ``None``: endless."""
        if self.orders is None:
            return None
        return max(_LEAST_KILLS, int(self.orders / self.rate / _SECONDS_BETWEEN_KILLS))

    def due_after(self, kill: int) -> float:
        """Give the number of started orders after which a kill (counted from 0) is due."""
        if self.orders is None or self.kills is None:
            return (kill + 1) * self.rate * _SECONDS_BETWEEN_KILLS
        return self.orders * (kill + 1) / (self.kills + 1)

    def allowed(self, kills_done: int, overdue_seconds: float) -> float:
        """Give how many orders may have been started by now.

        A kill needs load to fall on, so the orders from midway to the next kill on are held back until it has
        happened, and let go one by one.

        Args:
            kills_done: how many kills have happened.
            overdue_seconds: for how long orders have been held back with nothing left to do for those that were let go.

        Returns:
            the number; infinite once all kills have happened.
        """
        if self.kills is None or kills_done >= self.kills:
            return float("inf")
        midway = (self.due_after(kills_done) + self.due_after(kills_done + 1)) / 2
        return midway + overdue_seconds * _TRICKLE_PER_SECOND


@dataclass(frozen=True, slots=True)
class OutageSchedule:
    """When the outage is due.

    Args:
        orders: orders of the run; ``None``: endless.
        rate: orders per second.
    """

    orders: int | None
    rate: float

    @property
    def due_after(self) -> float:
        """Give the number of started orders after which the outage begins: half of them, or five seconds' worth."""
        return self.rate * 5 if self.orders is None else self.orders * 0.5

    def allowed(self, *, begun: bool) -> float:
        """Give how many orders may have been started by now: a quarter is kept for the outage."""
        return float("inf") if begun or self.orders is None else max(1.0, self.orders * 0.75)
