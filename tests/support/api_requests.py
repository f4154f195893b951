"""Requests to an API server without a process for each: what a kubelet asks many times a second."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.api_server import ApiServer, Refused

__all__ = ["ApiRequests", "Stream"]

_SECONDS = 60.0


class Stream:
    """A watch that is open.

    Args:
        connection: Its connection.
        response: What is read from it.
    """

    def __init__(self, connection: http.client.HTTPSConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while line := self._response.readline():
            yield json.loads(line)

    def close(self) -> None:
        """End it, also while another thread reads from it."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)


class ApiRequests:
    """Asks an API server as its administrator.

    Args:
        api: The API server.
    """

    def __init__(self, api: ApiServer) -> None:
        config = json.loads(api.kubeconfig.read_text())
        address = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
        self._host, self._port = str(address.hostname), int(address.port or 443)
        self._token = config["users"][0]["user"]["token"]
        # the server has signed its certificate itself, and is on loopback
        self._trust = ssl._create_unverified_context()

    def __call__(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> dict[str, Any]:
        """Ask, and return the answer.

        Raises:
            Refused: With what the server said.
        """
        connection = self._connection(_SECONDS)
        try:
            response = self._ask(connection, method, path, body, content_type)
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        return answer

    def patch(self, path: str, body: object) -> dict[str, Any]:
        """Change a part of an object."""
        return self("PATCH", path, body, "application/merge-patch+json")

    @contextmanager
    def watch(self, path: str) -> Iterator[Stream]:
        """Open a watch: first what there is, then what changes."""
        connection = self._connection(None)
        try:
            yield Stream(connection, self._ask(connection, "GET", path, None, "application/json"))
        finally:
            connection.close()

    def _connection(self, seconds: float | None) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._trust)

    def _ask(
        self, connection: http.client.HTTPSConnection, method: str, path: str, body: object, content_type: str
    ) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        if response.status >= 400:
            raise Refused(response.read().decode())
        return response
