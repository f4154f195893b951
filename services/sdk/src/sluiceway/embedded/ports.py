"""TCP ports on the loopback interface."""

from __future__ import annotations

import socket
from typing import Final

from sluiceway.embedded.errors import PortTakenError

HOST: Final = "127.0.0.1"


def free_port() -> int:
    """Find a port that nobody listens on now; somebody else may take it before it is used."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def refuse_taken_port(port: int) -> None:
    """Make sure that a server could listen on a port.

    Args:
        port: On the loopback interface.

    Raises:
        PortTakenError: It could not.
    """
    # SO_REUSEADDR as the server itself does it: connections of the last run in TIME_WAIT are no obstacle.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(
                f"port {port} on {HOST} cannot be used ({error.strerror}): choose another, or 0 for a free one"
            ) from error
