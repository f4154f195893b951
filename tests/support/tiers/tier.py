"""What a tier is: commands that belong together, and what the machine must have for them to run in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Gap", "Need", "Tier"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a tier wants to find on the machine.

    Args:
        what: What goes untested without it, as in "integration on Redis".
        is_met: Looks for it; cheap and without effect.
        remedy: The one command that adds it.
        essential: True: without it the tier cannot run at all. False: the tier runs, with less to test on.
    """

    what: str
    is_met: Callable[[], bool]
    remedy: str
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """What a run left out, and the command that adds it."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Tier:
    """Commands that are judged together and get one line in the table.

    Args:
        name: Its name in the table and in `make <name>`.
        commands: Run one after the other; all of them, also when an early one fails.
        seconds: Longest time for each command; then it is stopped and counts as failed.
        pytest: The commands are pytest runs, so tests are counted instead of commands.
        phase: Tiers of one phase run side by side, phases one after the other.
        needs: What the machine must have.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    seconds: float
    pytest: bool = False
    phase: int = 0
    needs: tuple[Need, ...] = ()

    def gaps(self) -> tuple[Gap, ...]:
        """Return what this machine makes the tier leave out."""
        return tuple(Gap(need.what, need.remedy) for need in self.needs if not need.is_met())

    def can_run(self) -> bool:
        """Return whether every essential need is met."""
        return all(need.is_met() for need in self.needs if need.essential)
