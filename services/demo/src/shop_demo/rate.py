"""How fast a growing count grows, over the last few seconds."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class RateMeter:
    """Rates of a counter over a sliding window.

    Args:
        window_seconds: how far back to look.
    """

    window_seconds: float = 2.0
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def sample(self, at_seconds: float, count: int) -> float:
        """Note the counter's value and return its growth per second over the window."""
        self._samples.append((at_seconds, count))
        while len(self._samples) > 2 and self._samples[1][0] <= at_seconds - self.window_seconds:
            self._samples.popleft()
        first_at, first_count = self._samples[0]
        elapsed = at_seconds - first_at
        return (count - first_count) / elapsed if elapsed > 0 else 0.0
