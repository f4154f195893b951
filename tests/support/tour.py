"""The README's tour as data: its shell blocks, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Step", "tour_steps"]

_BLOCK = re.compile(r"(<!-- tour:background -->\n)?```sh\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One block of shell commands; a background one runs until the end of the tour."""

    commands: str
    background: bool


def tour_steps(readme: str, name: str = "tour") -> list[Step]:
    """Return the shell blocks between a tour's anchors.

    Args:
        readme: The page.
        name: What its anchors begin with.

    Raises:
        ValueError: The anchors are not there.
    """
    tour = re.search(rf"<!-- {name}:begin\b.*?-->(.*?)<!-- {name}:end -->", readme, re.DOTALL)
    if tour is None:
        raise ValueError(
            f"the README has no <!-- {name}:begin … --> … <!-- {name}:end -->: put the anchors around the tour"
        )
    return [Step(commands, bool(mark)) for mark, commands in _BLOCK.findall(tour[1])]
