"""TCP ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from typing import Final

from sluiceway.embedded.errors import PortTakenError

HOST: Final = "127.0.0.1"


_PORTS: Final = range(20_000, 32_000)
"""Below the ports that systems give to whoever connects (from 32768 on Linux, 49152 elsewhere). A client that knocks at one of
those while its server restarts may be given the very port as its own and be connected to itself, for ever: TCP's
simultaneous open."""


def free_port() -> int:
    """Find a port that nobody listens on now; somebody else may take it before it is used.

    Raises:
        PortTakenError: All are taken.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise PortTakenError(f"no port from {_PORTS.start} to {_PORTS.stop - 1} on {HOST} is free: end what uses them")


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
