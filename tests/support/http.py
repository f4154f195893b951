"""A GET without ceremony."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection

__all__ = ["get"]


def get(port: int, path: str) -> tuple[int, str]:
    """Return status and body, whatever the status.

    Raises:
        OSError: Nobody answers on 127.0.0.1 at that port.
    """
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()
