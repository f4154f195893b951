"""The control loop: look at all groups of a server, decide, act through ports, report."""

from .claims import Claims
from .conditions import ConditionType, Fact, Facts, conditions, flips
from .endpoint import Endpoint
from .fact_keeping import FactKeeper
from .fleet import Fleet
from .secret_servers import SecretServers
from .server import Server, ServerAddress
from .servers import Servers, ServerUnknown, UrlServers
from .stepping import Stepper
from .sweeping import Sweep
from .taking_up import take_up
from .tally import Durations, ResourceTally, SweepTally
from .tracked import Tracked
from .waking import Waker

__all__ = [
    "Claims",
    "ConditionType",
    "Durations",
    "Endpoint",
    "Fact",
    "FactKeeper",
    "Facts",
    "Fleet",
    "ResourceTally",
    "SecretServers",
    "Server",
    "ServerAddress",
    "ServerUnknown",
    "Servers",
    "Stepper",
    "Sweep",
    "SweepTally",
    "Tracked",
    "UrlServers",
    "Waker",
    "conditions",
    "flips",
    "take_up",
]
