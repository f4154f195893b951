"""The README's tour as data: its shell blocks, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Step", "tour_steps"]

_TOUR = re.compile(r"<!-- tour:begin\b.*?-->(.*?)<!-- tour:end -->", re.DOTALL)
_BLOCK = re.compile(r"(<!-- tour:background -->\n)?```sh\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One block of shell commands; a background one runs until the end of the tour."""

    commands: str
    background: bool


def tour_steps(readme: str) -> list[Step]:
    """Return the shell blocks between the tour's anchors.

    Raises:
        ValueError: The anchors are not there.
    """
    tour = _TOUR.search(readme)
    if tour is None:
        raise ValueError("the README has no <!-- tour:begin … --> … <!-- tour:end -->: put the anchors around the tour")
    return [Step(commands, bool(mark)) for mark, commands in _BLOCK.findall(tour[1])]
