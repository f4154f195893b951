"""What the operator does on a Redis server. Each step is one script that looks again before it acts, so repeating is safe."""

from .capping import cap
from .deletion import GroupDeleted, delete_group
from .groups import GroupEnsured, ensure_group
from .reaping import RELEASED, Reaped, reap
from .rules import TrimRules, most_careful
from .trimming import Trimmed, TrimOrder, trim

__all__ = [
    "RELEASED",
    "GroupDeleted",
    "GroupEnsured",
    "Reaped",
    "TrimOrder",
    "TrimRules",
    "Trimmed",
    "cap",
    "delete_group",
    "ensure_group",
    "most_careful",
    "reap",
    "trim",
]
