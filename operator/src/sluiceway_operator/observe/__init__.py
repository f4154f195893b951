"""Looks at groups on a Redis server: one script for many groups, and a lag that is never silently wrong."""

from .facts import FACTS, CommandFacts, NodeFacts, read_facts
from .lag import Calibration, Lag, judge_lag
from .look import MOST_COUNTED, Ask, Look, LookFailed, Missing, WrongType, observe_groups

__all__ = [
    "FACTS",
    "MOST_COUNTED",
    "Ask",
    "Calibration",
    "CommandFacts",
    "Lag",
    "Look",
    "LookFailed",
    "Missing",
    "NodeFacts",
    "WrongType",
    "judge_lag",
    "observe_groups",
    "read_facts",
]
