"""Decisions: pure functions of what was asked for, what was seen, and what was seen before. No I/O."""

from .decision import Decision, Limit, Reason
from .history import History, learn
from .replicas import decide_replicas

__all__ = ["Decision", "History", "Limit", "Reason", "decide_replicas", "learn"]
