"""Looks at groups on a Redis server: one script for many groups, and a lag that is never silently wrong."""

from .lag import Calibration, Lag, judge_lag
from .look import MOST_COUNTED, Ask, Look, LookFailed, Missing, WrongType, observe_groups

__all__ = [
    "MOST_COUNTED",
    "Ask",
    "Calibration",
    "Lag",
    "Look",
    "LookFailed",
    "Missing",
    "WrongType",
    "judge_lag",
    "observe_groups",
]
