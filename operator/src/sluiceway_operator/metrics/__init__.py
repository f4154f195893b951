"""The operator's numbers as Prometheus metrics, made when somebody scrapes from what the controller remembers anyway."""

from .collector import OperatorCollector
from .swept import Swept

__all__ = ["OperatorCollector", "Swept"]
