"""Users with fewer rights than everything."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit, urlunsplit

import redis

from sluiceway.embedded import EmbeddedServer


def create_user(server: EmbeddedServer, *rules: str, name: str | None = None) -> str:
    """Make a user on a server; the fixture `server` removes it before the next test.

    Args:
        server: Where.
        rules: As for ACL SETUSER, applied in this order to a user who may do nothing.
        name: Its name; None: a new one.

    Returns:
        The URL to connect with as this user.

    Example:
        >>> url = create_user(server, "~*", "+@all", "-xadd")
    """
    user = name or f"user-{secrets.token_hex(4)}"
    password = secrets.token_hex(16)
    with redis.Redis.from_url(server.url) as client:
        client.execute_command("ACL", "SETUSER", user, "reset", "on", f">{password}", *rules)
    parts = urlsplit(server.url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}"))
