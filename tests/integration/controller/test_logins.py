"""TLS and users with few rights: who is trusted, who we are, and what a fault says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.control import Loop
from tests.support.tls import Authority, Pair, TlsServer, with_tls

from sluiceway_operator.connection import Tls
from sluiceway_operator.control import Server, ServerAddress

StartTls = Callable[..., TlsServer]


async def said_of(address: ServerAddress) -> str:
    """What a sweep of one resource says of the backlog: nothing but its accuracy if all is well."""
    loop = Loop(address)
    loop.add("payments")
    await loop.sweep()
    await loop.server.close()
    told = loop.condition("payments", "BacklogKnown")
    return told.message if told.status == "False" else told.reason


def shown(pair: Pair, authority: Authority) -> Tls:
    return Tls(authority.file.read_bytes(), pair.certificate.read_bytes(), pair.key.read_bytes())


# --- TLS --------------------------------------------------------------------------------------------------------------


@with_tls
async def test_a_server_signed_by_the_given_authority_is_trusted(start_tls_server: StartTls) -> None:
    server = start_tls_server()

    assert await said_of(ServerAddress(server.url, tls=Tls(server.authority.file.read_bytes()))) == "Exact"


@with_tls
async def test_a_server_signed_by_anybody_else_is_not(start_tls_server: StartTls, tmp_path: Path) -> None:
    server = start_tls_server()
    other = Authority(tmp_path, "other")

    assert "CERTIFICATE_VERIFY_FAILED" in await said_of(ServerAddress(server.url, tls=Tls(other.file.read_bytes())))
    assert "CERTIFICATE_VERIFY_FAILED" in await said_of(ServerAddress(server.url))


@with_tls
async def test_a_certificate_for_another_name_is_refused(start_tls_server: StartTls, tmp_path: Path) -> None:
    server = start_tls_server(Authority(tmp_path).issue("redis.example"))
    authority = (tmp_path / "ca.pem").read_bytes()

    said = await said_of(ServerAddress(server.url, tls=Tls(authority)))

    assert "certificate" in said.lower()


@with_tls
async def test_a_client_certificate_is_shown_where_the_server_asks_for_one(start_tls_server: StartTls) -> None:
    server = start_tls_server(ask_clients=True)
    tls = shown(server.authority.issue("operator", to="operator"), server.authority)

    assert await said_of(ServerAddress(server.url, tls=tls)) == "Exact"
    assert await said_of(ServerAddress(server.url, tls=Tls(server.authority.file.read_bytes()))) != "Exact"


@pytest.mark.parametrize(
    ("url", "tls", "what"),
    [
        ("rediss://redis", Tls(b"no certificate"), "authority's certificate is not in PEM form"),
        ("rediss://redis", Tls(None, b"no", b"none"), "client certificate and its key"),
        ("redis://redis", Tls(b"any"), "only used with TLS"),
    ],
)
def test_what_cannot_be_used_is_told_before_anybody_is_asked(url: str, tls: Tls, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Server(ServerAddress(url, tls=tls))
