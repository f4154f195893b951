"""What can go wrong in a way that the person at the keyboard can mend."""

__all__ = ["ClusterError", "CommandFailed", "Missing"]


class ClusterError(Exception):
    """Something about the cluster is not as it has to be; the message says what to do."""


class Missing(ClusterError):
    """The machine lacks something; the message names it and the command that brings it."""


class CommandFailed(ClusterError):
    """A program that was run ended with an error; the message has its last words."""
