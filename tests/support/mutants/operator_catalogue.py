"""Rules of the operator, broken: the state machine of its control loop must notice each of them."""

from __future__ import annotations

from tests.support.mutants.mutant import Mutant

__all__ = ["OPERATOR_MUTANTS"]

_MACHINE = ("tests/unit/controller/test_control_machine.py",)


def _mutant(name: str, file: str, old: str, new: str) -> Mutant:
    return Mutant(promise=0, name=name, file=file, old=old, new=new, tests=_MACHINE)


OPERATOR_MUTANTS = (
    _mutant(
        "an-unreachable-server-has-no-work",
        "decide/replicas.py",
        "return Decision(seen.replicas, Reason.SERVER_UNREACHABLE",
        "return Decision(0, Reason.SERVER_UNREACHABLE",
    ),
    _mutant(
        "what-cannot-be-counted-needs-nobody",
        "decide/replicas.py",
        "floor = max(1, scaling.min_replicas)",
        "floor = scaling.min_replicas",
    ),
    _mutant(
        "the-window-is-ignored",
        "decide/replicas.py",
        "highest = max(each.replicas for each in history.recommendations)",
        "highest = history.recommendations[-1].replicas",
    ),
    _mutant(
        "the-maximum-is-ignored", "decide/replicas.py", "if decision.replicas > scaling.max_replicas:", "if False:"
    ),
    _mutant(
        "a-lag-that-lies-is-believed",
        "observe/lag.py",
        "told = min(max(look.lag - calibration.offset, 1), most)",
        "told = look.lag",
    ),
    _mutant(
        "who-holds-entries-is-not-spared",
        "control/scaling.py",
        "held = {consumer.name: consumer.pending for consumer in looked.consumers}",
        "held = {consumer.name: 0 for consumer in looked.consumers}",
    ),
    _mutant("recommend-writes", "control/scaling.py", "if scaling.mode is Mode.RECOMMEND:", "if False:"),
    _mutant(
        "the-living-are-reaped",
        "decide/reaping.py",
        "if gone is not None and now - gone >= after_seconds and consumer",
        "if consumer",
    ),
    _mutant(
        "the-floor-ignores-what-is-pending",
        "streams/trim.lua",
        "pending or following(fields['last-delivered-id'])",
        "following(fields['last-delivered-id'])",
    ),
    _mutant(
        "the-floor-is-that-of-one-group",
        "streams/trim.lua",
        "if not floor or before(needed, floor) then",
        "if not floor then",
    ),
    _mutant("losses-are-not-counted", "streams/trim.lua", "lost = lost + 1", "lost = lost"),
)
"""They break no promise of docs/guarantees.md, so their number is 0."""
