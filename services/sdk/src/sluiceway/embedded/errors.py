"""What goes wrong when a server is started."""

from __future__ import annotations


class EmbeddedServerError(RuntimeError):
    """The embedded server could not be found, started or kept running; the text says what to do."""


class PortTakenError(EmbeddedServerError):
    """The port that the server shall listen on is in use."""
