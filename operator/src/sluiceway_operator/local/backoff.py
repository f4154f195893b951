"""How long a program that ended by itself is left alone before it is started again. Pure."""

__all__ = ["HEALTHY_SECONDS", "pause_before_restart"]

HEALTHY_SECONDS = 60.0
"""What ran for so long is healthy: its next end counts as the first."""
_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 30.0
_MOST_DOUBLINGS = 10


def pause_before_restart(ends: int) -> float:
    """Return the seconds before the next start: half a second, doubled each time, half a minute at most.

    The kubelet does the same with ten seconds and five minutes; on a laptop somebody is waiting.

    Args:
        ends: How often it has ended by itself since it was healthy, this time included.
    """
    return min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(ends - 1, _MOST_DOUBLINGS))
