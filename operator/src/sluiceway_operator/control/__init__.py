"""The control loop: look at all groups of a server, decide, act through ports, report."""

from .conditions import ConditionType, Fact, Facts, conditions, flips
from .fact_keeping import FactKeeper
from .server import Server, ServerAddress
from .stepping import Stepper
from .sweeping import Sweep
from .tally import Durations, ResourceTally, SweepTally
from .tracked import Tracked
from .waking import Waker

__all__ = [
    "ConditionType",
    "Durations",
    "Fact",
    "FactKeeper",
    "Facts",
    "ResourceTally",
    "Server",
    "ServerAddress",
    "Stepper",
    "Sweep",
    "SweepTally",
    "Tracked",
    "Waker",
    "conditions",
    "flips",
]
