"""Tests of services: handlers without a server, whole flows in one process, faults on request, a real server if wanted."""

from ..embedded import EmbeddedServer, embedded
from .faults import Faults
from .kit import Kit
from .outcome import Outcome, Status
from .outputs import Output, Outputs

__all__ = ["EmbeddedServer", "Faults", "Kit", "Outcome", "Output", "Outputs", "Status", "embedded"]
