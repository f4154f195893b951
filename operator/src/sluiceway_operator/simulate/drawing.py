"""A run as a line of bars for the terminal."""

from collections.abc import Sequence

__all__ = ["bars"]

_BARS = " ▁▂▃▄▅▆▇█"


def bars(values: Sequence[float], highest: float, width: int = 60) -> str:
    """Draw values as bars, each the highest of its share of the time; nothing is a blank, and little is never nothing.

    Args:
        values: At equal distances.
        highest: What a full bar stands for.
        width: How many bars.
    """
    shares = [
        values[at * len(values) // width : max((at + 1) * len(values) // width, at * len(values) // width + 1)]
        for at in range(width)
    ]
    steps = len(_BARS) - 1
    return "".join(
        _BARS[min(max(round(max(share) / highest * steps), 1), steps)] if share and max(share) > 0 else " "
        for share in shares
    )
