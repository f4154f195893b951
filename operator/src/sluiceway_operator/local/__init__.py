"""The operator without Kubernetes: replicas are processes, resources are files."""

from .program import Program, ProgramError, read_program
from .replica import Replica, ReplicaState
from .workloads import ProcessWorkloads

__all__ = ["ProcessWorkloads", "Program", "ProgramError", "Replica", "ReplicaState", "read_program"]
