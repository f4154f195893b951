"""What to remove from a stream, where several resources say something about it: the most careful of them has its way. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..resource import Trim, TrimPolicy

__all__ = ["TrimRules", "most_careful"]


@dataclass(frozen=True, slots=True)
class TrimRules:
    """What to remove from a stream of what no group needs any more.

    Args:
        keep: This many of the newest entries stay; None: no matter how many.
        keep_seconds: Entries younger than this stay; None: no matter how old.
        hard_cap: So many entries stay at most, needed or not; 0: as many as are needed.
        stale_seconds: For a group that nobody reads for so long, and that no resource declares, only what is younger
            stays; 0: all of it.
        by: For each field in which several resources differ, the one that had its way.
    """

    keep: int | None = None
    keep_seconds: int | None = None
    hard_cap: int = 0
    stale_seconds: int = 0
    by: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, trim: Trim) -> "TrimRules":
        """Return what one resource asks for."""
        return cls(
            trim.max_length if trim.policy is TrimPolicy.LENGTH else None,
            trim.max_age_seconds if trim.policy is TrimPolicy.AGE else None,
            trim.hard_max_length,
            trim.stale_group_seconds,
        )


def most_careful(asked: Mapping[str, Trim]) -> TrimRules:
    """Return rules under which nothing goes that any of several resources wants to keep.

    Args:
        asked: By the name of the resource. Those without `trim` have no say: what their groups need stays anyway.
    """
    rules = {name: TrimRules.of(trim) for name, trim in sorted(asked.items())}
    by: dict[str, str] = {}

    def choose(name: str, values: Mapping[str, int | None], *, zero_is_most: bool) -> int | None:
        """Return the greatest; None is the least, and zero the greatest of all where it stands for "no limit"."""

        def care(resource: str) -> float:
            value = values[resource]
            if value is None:
                return -1.0
            return float("inf") if zero_is_most and value == 0 else float(value)

        winner = max(values, key=care)
        if len(set(values.values())) > 1:
            by[name] = winner
        return values[winner]

    keep = choose("maxLength", {name: each.keep for name, each in rules.items()}, zero_is_most=False)
    keep_seconds = choose(
        "maxAgeSeconds", {name: each.keep_seconds for name, each in rules.items()}, zero_is_most=False
    )
    cap = choose("hardMaxLength", {name: each.hard_cap for name, each in rules.items()}, zero_is_most=True)
    stale = choose("staleGroupSeconds", {name: each.stale_seconds for name, each in rules.items()}, zero_is_most=True)
    return TrimRules(keep, keep_seconds, cap or 0, stale or 0, MappingProxyType(by))
