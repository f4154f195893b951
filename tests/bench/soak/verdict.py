"""Whether memory grows. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

__all__ = ["ALLOWED_BYTES", "ALLOWED_SHARE", "Growth", "growth"]

ALLOWED_BYTES = 4 * 1024 * 1024
"""What may come and go: an allocator's arenas, a buffer that was longest lately."""
ALLOWED_SHARE = 0.03
_WARM_UP = 0.4
"""Share of the samples that is not judged: caches, pools and tables grow to their size."""
_LEAST_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Growth:
    """How the memory of one process went, after it had warmed up.

    Args:
        first: Bytes at the beginning, by the fitted line.
        last: Bytes at the end, by the fitted line.
        highest: Most bytes seen in the whole run.
    """

    first: float
    last: float
    highest: int

    @property
    def bytes(self) -> float:
        """Growth by the fitted line."""
        return self.last - self.first

    @property
    def steady(self) -> bool:
        """Whether it grew by more than comes and goes: in a longer run it would go on."""
        return self.bytes > ALLOWED_BYTES + ALLOWED_SHARE * self.first


def growth(samples: Sequence[tuple[float, int]]) -> Growth:
    """Fit a line through the samples that come after warming up.

    Args:
        samples: Seconds and bytes, in the order of time.

    Raises:
        ValueError: There are too few of them.
    """
    judged = samples[int(len(samples) * _WARM_UP) :]
    if len(judged) < _LEAST_SAMPLES:
        raise ValueError(f"{len(judged)} samples after the warm-up; at least {_LEAST_SAMPLES} are needed")
    times, sizes = zip(*judged, strict=True)
    slope, intercept = linear_regression(times, sizes)
    return Growth(intercept + slope * times[0], intercept + slope * times[-1], max(size for _, size in samples))
