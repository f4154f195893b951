"""Resources at rest: no work, no replica, nothing left to do or to tell, and their stream is waited for.

An idle stream is to cost nothing. Its first entry wakes it at once (`waking`), so what a sweep could still find is rare:
a group that was destroyed, consumers that somebody started by hand, a replayed dead letter. It is looked at every few
seconds, and taken a step on if the look is another one than before, or if it rested for long: the target may have been
changed by hand, and entries become too old.
"""

import random
from dataclasses import dataclass, replace

from ..observe import Look

__all__ = ["Rest"]

_LOOK_SECONDS = 5.0
_STEP_SECONDS = 120.0
_STEP_WITH_CONSUMERS_SECONDS = 10.0
"""Consumers at a target without replicas are dead, or somebody's own; the dead are to go when their time has come."""


@dataclass(slots=True)
class Rest:
    """Since a look that found nothing to do.

    Args:
        look: That look.
        look_due: When to look again, in seconds of the clock.
        step_due: When to take a step whatever the look says.
    """

    look: Look
    look_due: float
    step_due: float

    @classmethod
    def begin(cls, look: Look, now: float) -> "Rest":
        """Begin to rest after a look; resources that come together part with time."""
        longest = _STEP_WITH_CONSUMERS_SECONDS if look.consumers else _STEP_SECONDS
        return cls(look, now + _some(_LOOK_SECONDS), now + _some(longest))

    def goes_on(self, seen: object, now: float) -> bool:
        """Return whether there is still nothing to do after another look, and rest on if so.

        Args:
            seen: The look, or what became of it.
            now: Seconds of the clock.
        """
        if now >= self.step_due or not isinstance(seen, Look) or _lasting(seen) != _lasting(self.look):
            return False
        self.look_due = now + _some(_LOOK_SECONDS)
        return True


def _lasting(look: Look) -> Look:
    """Return a look without what changes by itself: for how long consumers have asked for nothing."""
    if not look.consumers:
        return look
    return replace(look, consumers=tuple(replace(consumer, idle_seconds=0.0) for consumer in look.consumers))


def _some(seconds: float) -> float:
    return seconds * random.uniform(0.75, 1.0)  # noqa: S311  # so that not all are due at once
