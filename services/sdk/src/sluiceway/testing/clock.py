"""A clock that stands still until it is stepped."""

from __future__ import annotations

__all__ = ["SteppedClock"]


class SteppedClock:
    """Seconds since its beginning, by nobody's watch but the test's."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: Backwards.
        """
        if seconds < 0:
            raise ValueError(f"seconds={seconds!r}: time passes forwards only")
        self.now += seconds
