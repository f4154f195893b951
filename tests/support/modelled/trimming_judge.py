"""What must hold of a stream over a sweep: what goes, what stays, and what is counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sluiceway.testing.memory.streams import EntryId
from sluiceway_operator.resource import Trim
from sluiceway_operator.streams import RELEASED

from .moment import GroupTruth, Moment

__all__ = ["Sweep", "judge_stream"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What there was around one.

    Args:
        before: Before it.
        after: After it.
        milliseconds: The server's time.
        counted: Entries that the operator said were lost.
        whole: Whether the server could be reached all the time: else what it did may be unknown to who asked.
        pods: Everyone alive.
    """

    before: Moment
    after: Moment
    milliseconds: int
    counted: int
    whole: bool
    pods: Collection[str]


def judge_stream(sweep: Sweep, trims: Sequence[Trim], declared: Collection[str]) -> None:
    """Judge what a sweep did to the stream and its groups.

    Args:
        sweep: The sweep.
        trims: What resources ask for.
        declared: The groups of all resources, those that ask for no trimming included.
    """
    _judge_losses(sweep, trims, declared)
    _judge_retention(sweep, trims)
    for name, group in sweep.before.groups.items():
        assert name in sweep.after.groups, f"group {name} was destroyed"
        _judge_group(sweep, group, sweep.after.groups[name])


def _judge_losses(sweep: Sweep, trims: Sequence[Trim], declared: Collection[str]) -> None:
    before, after = sweep.before, sweep.after
    # a limit holds where all want one, and then the greatest
    cap = max((trim.hard_max_length for trim in trims), default=0) if all(t.hard_max_length for t in trims) else 0
    strict = not trims or not all(trim.stale_group_seconds for trim in trims)
    needed = _needed(before, before.entries, declared if not strict else before.groups)
    needed |= _needed(after, before.entries, declared if not strict else after.groups)
    removed = before.entries - after.entries
    gone = removed & needed
    assert trims or not removed, "nobody asked for trimming"
    assert cap or not gone, f"{len(gone)} entries that a group needs were trimmed, and nobody set a cap"
    assert cap or not sweep.counted, "a loss was counted, and nobody set a cap"
    assert not gone or len(after.entries) >= cap, f"of {len(before.entries)} entries {len(after.entries)} are left"
    assert sweep.counted >= len(gone) or not sweep.whole, f"{len(gone)} entries were lost, {sweep.counted} were counted"


def _needed(moment: Moment, entries: frozenset[EntryId], groups: Collection[str]) -> frozenset[EntryId]:
    """Return which of some entries any of these groups has not finished at a moment."""
    there = [group for name, group in moment.groups.items() if name in groups]
    return frozenset(each for each in entries if any(each > group.last or each in group.held for group in there))


def _judge_retention(sweep: Sweep, trims: Sequence[Trim]) -> None:
    if trims and all(trim.hard_max_length for trim in trims):
        return
    kept = max((trim.max_length or 0 for trim in trims if trim.policy == "Length"), default=0)
    assert len(sweep.after.entries) >= min(kept, len(sweep.before.entries)), f"{kept} entries were to stay"
    seconds = max((trim.max_age_seconds or 0 for trim in trims if trim.policy == "Age"), default=0)
    too_young = [each for each in sweep.before.entries if each[0] > sweep.milliseconds - seconds * 1000]
    assert not seconds or sweep.after.entries.issuperset(too_young), f"entries younger than {seconds} s were to stay"


def _judge_group(sweep: Sweep, before: GroupTruth, after: GroupTruth) -> None:
    assert after.last == before.last, "who reads moves a group on, nobody else"
    for entry_id, owner in before.held.items():
        now = after.held.get(entry_id)
        assert now is not None or entry_id not in sweep.after.entries, "an entry in work was taken for done"
        assert now in {owner, None} or (now == RELEASED and owner not in sweep.pods), f"{owner} lives and lost its work"
    for name in before.consumers - after.consumers:
        assert name not in sweep.pods, f"{name} lives and its name was removed"
