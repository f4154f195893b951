"""Reads a URL: which topology, which hosts, who logs in. Pure.

Nothing of a URL is ever repeated in an error: a `/` or `@` that was not encoded puts parts of the password anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from ..errors import ConfigurationError

__all__ = ["Address", "Node", "Topology", "read_url", "wrong_url"]

Topology = Literal["standalone", "sentinel", "cluster"]
Node = tuple[str, int]
"""Host and port of one server."""

_PORTS = {"standalone": 6379, "sentinel": 26379, "cluster": 6379}
_SCHEMES: dict[str, tuple[Topology, bool]] = {
    "redis": ("standalone", False),
    "rediss": ("standalone", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+)(?::(?P<port>[0-9]{1,5}))?")
_FORMS = (
    "the forms are redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], redis+sentinel://[…@]HOST[:PORT],…/SERVICE[/DATABASE] and "
    "redis+cluster://[…@]HOST[:PORT],… (rediss… for TLS); characters such as / # ? @ in a password have to be percent-encoded"
)


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says.

    Args:
        topology: How the servers work together.
        nodes: Servers, sentinels, or some nodes of a cluster; empty for a Unix socket.
        url: What redis-py is told of one of them: scheme, host and options; no user, no password, no database.
        shown: What may be shown of it: no user, no password, no options.
        database: Its number.
        service: The master's name at the sentinels.
        username: ACL user.
        password: Its password.
    """

    topology: Topology
    nodes: tuple[Node, ...]
    url: str = field(repr=False)
    shown: str
    database: int = 0
    service: str = ""
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def read_url(url: str) -> Address:
    """Return what a URL says.

    Raises:
        ConfigurationError: It cannot be one; the text says what is wrong and holds nothing of it.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "unix":
        return _unix_socket(rest)
    if not separator or scheme not in _SCHEMES:
        raise wrong_url(f"it must begin with {', '.join(f'{name}://' for name in _SCHEMES)} or unix://")
    topology, encrypted = _SCHEMES[scheme]
    if "#" in rest:
        raise wrong_url("it has a #")
    where, mark, options = rest.partition("?")
    authority, _, path = where.partition("/")
    login, _, hosts = authority.rpartition("@")
    nodes = _nodes(topology, hosts)
    service, database = _path(topology, path)
    username, password = _login(login)
    first, *_ = hosts_told = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in nodes]
    told = f"{'rediss' if encrypted else 'redis'}://{first}{mark}{options}"
    shown = "/".join(filter(None, (f"{scheme}://{','.join(hosts_told)}", service, database)))
    return Address(topology, nodes, told, shown, int(database or 0), service, username, password)


def _nodes(topology: Topology, hosts: str) -> tuple[Node, ...]:
    nodes = []
    for number, text in enumerate(hosts.split(","), start=1):
        found = _HOST.fullmatch(text.strip())
        port = int(found["port"] or _PORTS[topology]) if found else 0
        if found is None or not 0 < port < 65_536:
            raise wrong_url(f"host {number} must be HOST or HOST:PORT with a port from 1 to 65535")
        nodes.append((unquote(found["host"].strip("[]")), port))
    if topology == "standalone" and len(nodes) > 1:
        raise wrong_url("several hosts are redis+sentinel://HOST,HOST/SERVICE or redis+cluster://HOST,HOST")
    return tuple(nodes)


def _path(topology: Topology, path: str) -> tuple[str, str]:
    """Return the sentinels' name of the master, and the database."""
    service, database = "", path
    if topology == "sentinel":
        service, _, database = path.partition("/")
        if not service:
            raise wrong_url("behind the sentinels belongs the name of the service that they watch: …/SERVICE")
    if not re.fullmatch("[0-9]*", database):
        raise wrong_url("at its end belongs the number of a database, or nothing")
    if topology == "cluster" and int(database or 0):
        raise wrong_url("a cluster has no databases; leave the number out")
    return unquote(service), database


def _login(login: str) -> tuple[str | None, str | None]:
    username, _, password = login.partition(":")
    return unquote(username) or None, unquote(password) or None


def _unix_socket(rest: str) -> Address:
    login, _, where = rest.rpartition("@")
    username, password = _login(login)
    socket, _, _ = where.partition("?")
    return Address("standalone", (), f"unix://{where}", f"unix://{socket}", username=username, password=password)


def wrong_url(what: str) -> ConfigurationError:
    """Return the error that says what is wrong with a URL, and how one looks."""
    return ConfigurationError(f"redis URL: {what}; {_FORMS}")
