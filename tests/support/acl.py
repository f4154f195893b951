"""Users with fewer rights than everything."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit, urlunsplit

import redis
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer

__all__ = ["create_user", "denials", "documented_rules", "is_told", "without"]

_RULES = re.compile(r"^## (?P<heading>.+?)$(?:(?!^## ).)*?^```text\n(?P<rules>.*?)^```$", re.DOTALL | re.MULTILINE)


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


def documented_rules(heading: str, page: str = "docs/guide/acl.md") -> tuple[str, ...]:
    """The rules that a page gives under a heading."""
    text = (ROOT / page).read_text()
    (rules,) = [found["rules"] for found in _RULES.finditer(text) if found["heading"] == heading]
    return tuple(rules.split())


def without(rules: Iterable[str], rule: str) -> tuple[str, ...]:
    """All of these rules but one."""
    return tuple(each for each in rules if each != rule)


def is_told(rule: str, text: str) -> bool:
    """Whether a text advises to allow what a rule would: the command, or a key that its pattern matches."""
    return any(fnmatchcase(word.strip(",;.'\""), rule.replace("%R", "")) for word in text.split())


def denials(server: EmbeddedServer) -> list[str]:
    """What the server denied to users since it was emptied or asked last."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        told = [f"{entry['username']}: {entry['object']} ({entry['reason']})" for entry in client.acl_log()]
        client.acl_log_reset()
    return told
