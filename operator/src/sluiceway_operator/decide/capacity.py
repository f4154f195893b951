"""What one replica can process, learned while replicas had all the work they could take."""

import math
from dataclasses import dataclass

__all__ = ["Capacity"]

_MEMORY_SECONDS = 30.0
"""How fast old evidence fades, in seconds of a busy replica."""
_GUESS_WEIGHT_SECONDS = 1.0
"""The guess counts as much as so many seconds of a busy replica; it fades with everything else."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Processed events and the busy time they took, both fading.

    A ratio of sums, not an average of ratios: with a handler slower than the time between two looks most looks see
    nothing processed, and the sum is right all the same.

    Args:
        processed: Events, faded.
        busy_seconds: Seconds of busy replicas, faded.
        observed: Whether anything but the guess is in it.
    """

    processed: float
    busy_seconds: float
    observed: bool = False

    @classmethod
    def guess(cls, per_second: float) -> "Capacity":
        """Begin with a guess, in events a second per replica."""
        return cls(per_second * _GUESS_WEIGHT_SECONDS, _GUESS_WEIGHT_SECONDS)

    @classmethod
    def taken_up(cls, per_second: float) -> "Capacity":
        """Go on with what was observed before our time: it weighs as much as what one busy replica taught."""
        return cls(per_second * _MEMORY_SECONDS, _MEMORY_SECONDS, observed=True)

    @property
    def per_second(self) -> float:
        """Events a second that one replica processes."""
        return self.processed / self.busy_seconds

    def seen(self, processed: float, busy_replicas: int, seconds: float) -> "Capacity":
        """Add evidence.

        Args:
            processed: Events done meanwhile.
            busy_replicas: Replicas that had work all the time.
            seconds: How long.
        """
        fade = math.exp(-seconds / _MEMORY_SECONDS)
        return Capacity(
            processed=self.processed * fade + processed,
            busy_seconds=self.busy_seconds * fade + busy_replicas * seconds,
            # that nothing was done is an observation, too: from then on the guess is not what decides
            observed=True,
        )
