"""The control loop: look at all groups of a server, decide, act through ports, report."""

from .conditions import ConditionType, Fact, Facts, conditions, flips
from .server import Server, ServerAddress
from .stepping import Stepper
from .sweeping import Sweep
from .tracked import Tracked
from .waking import Waker

__all__ = [
    "ConditionType",
    "Fact",
    "Facts",
    "Server",
    "ServerAddress",
    "Stepper",
    "Sweep",
    "Tracked",
    "Waker",
    "conditions",
    "flips",
]
