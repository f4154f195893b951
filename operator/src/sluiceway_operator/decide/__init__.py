"""Decisions: pure functions of what was asked for, what was seen, and what was seen before. No I/O."""

from .capacity import Capacity
from .decision import Decision, Limit, Reason
from .history import History, learn
from .reaping import PodLedger, Verdict, judge_consumers, note_pods, note_strangers
from .replicas import decide_replicas

__all__ = [
    "Capacity",
    "Decision",
    "History",
    "Limit",
    "PodLedger",
    "Reason",
    "Verdict",
    "decide_replicas",
    "judge_consumers",
    "learn",
    "note_pods",
    "note_strangers",
]
