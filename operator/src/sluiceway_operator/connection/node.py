"""Connections to one server process; which one that is, is somebody else's choice."""

import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from typing_extensions import override

from .address import Host, Tls

__all__ = ["Access", "Node", "tls_context"]

_CONNECTIONS = 3
"""For sweeps and actions; more would say nothing sooner."""
_WAITING_CONNECTIONS = 64
"""For blocking reads, one each; they are bounded elsewhere."""
_CALL_SECONDS = 2.0


class _TlsConnection(SSLConnection):
    """A connection that trusts whom a context trusts, nobody else; redis-py itself always adds the system's authorities."""

    def __init__(self, *, context: ssl.SSLContext, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context.context = context


@dataclass(frozen=True, slots=True)
class Access:
    """How connections are made to servers of one kind.

    Args:
        context: TLS; None: it is not spoken.
        username: ACL user; None: the default user.
        password: Its password.
        database: Its number.
    """

    context: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0

    @property
    def options(self) -> dict[str, Any]:
        """What redis-py is told of every connection."""
        login = {"username": self.username, "password": self.password}
        tls = {} if self.context is None else {"context": self.context}
        return {
            "connection_class": Connection if self.context is None else _TlsConnection,
            "db": self.database,
            "protocol": 2,
            "socket_timeout": _CALL_SECONDS,
            "socket_connect_timeout": _CALL_SECONDS,
            "socket_keepalive": True,
            # whoever asks decides whether and whom to ask again
            "retry": Retry(NoBackoff(), 0),
            # CLIENT SETINFO, which it would send at every connect, takes a right of its own
            "driver_info": None,
            **tls,
            **{name: value for name, value in login.items() if value is not None},
        }


class Node:
    """One server process; it is connected to when it is first asked something.

    Args:
        host: Where it is.
        access: How to connect.
    """

    def __init__(self, host: Host, access: Access) -> None:
        self.host = host
        where = {"host": host[0], "port": host[1], **access.options}
        self._client = Redis.from_pool(
            BlockingConnectionPool(max_connections=_CONNECTIONS, timeout=_CALL_SECONDS, **where)
        )
        self._waiting = Redis.from_pool(ConnectionPool(max_connections=_WAITING_CONNECTIONS, **where))

    @override
    def __str__(self) -> str:
        name, port = self.host
        return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"

    async def ask(self, *words: Any) -> Any:
        """Run a command.

        Raises:
            redis.exceptions.RedisError: The server does not answer in time, or refuses.
        """
        return await self._client.execute_command(*words)  # type: ignore[no-untyped-call]

    async def ask_imported(self, *words: Any) -> Any:
        """Run a command on keys that are just moving to this node of a cluster; raises as `ask` does."""
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.execute_command("ASKING")
            pipeline.execute_command(*words)
            _, answer = await pipeline.execute(raise_on_error=False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def wait(self, *words: Any) -> Any:
        """Run a command that blocks, on a connection of its own; raises as `ask` does."""
        return await self._waiting.execute_command(*words)  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._waiting.aclose()


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return whom to trust and what to show.

    Args:
        tls: What was given.

    Raises:
        ValueError: It is no PEM, or the key is not that of the certificate.
    """
    try:
        authority = None if tls.authority is None else tls.authority.decode("ascii")
        context = ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError("the authority's certificate is not in PEM form") from error
    if tls.certificate is not None and tls.key is not None:
        _show(context, (tls.certificate, tls.key))
    return context


def _show(context: ssl.SSLContext, parts: Sequence[bytes]) -> None:
    """Load certificate and key, which OpenSSL takes from a file only: one that nobody else can read, for a moment."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(b"\n".join(parts))
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except (ssl.SSLError, ValueError) as error:
            raise ValueError(
                "the client certificate and its key are not in PEM form, or do not belong together"
            ) from error
