"""What the operator does on a Redis server. Each step is one script that looks again before it acts, so repeating is safe."""

from .groups import GroupEnsured, ensure_group
from .reaping import RELEASED, Reaped, reap
from .trimming import Trimmed, TrimOrder, trim

__all__ = ["RELEASED", "GroupEnsured", "Reaped", "TrimOrder", "Trimmed", "ensure_group", "reap", "trim"]
