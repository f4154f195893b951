"""Where servers are and who we are to them. Pure.

Nothing of a URL is ever repeated in an error: a `/` or `@` that was not encoded puts parts of a password anywhere.
"""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

__all__ = ["Host", "Location", "ServerAddress", "Tls", "read_url", "split_login"]

Host = tuple[str, int]
"""Name or address, and port, of one server."""
Kind = Literal["standalone", "sentinel", "cluster"]

_SCHEMES: dict[str, tuple[Kind, bool]] = {
    "redis": ("standalone", False),
    "rediss": ("standalone", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_PORTS: dict[Kind, int] = {"standalone": 6379, "sentinel": 26379, "cluster": 6379}
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+)(?::(?P<port>[0-9]{1,5}))?")
_FORMS = (
    "the forms are redis://HOST[:PORT][/DATABASE], redis+sentinel://HOST[:PORT],…/SERVICE[/DATABASE] and "
    "redis+cluster://HOST[:PORT],… (rediss… for TLS)"
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom to trust and who we are, all of it PEM.

    Args:
        authority: Certificate of who has signed the server's; None: whom the system trusts.
        certificate: Our own, with its chain; None: we show none.
        key: Its key; not shown.
    """

    authority: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where servers are and who we are to them: resources for which all of it is equal share a client.

    Args:
        url: The URL, without user and password.
        username: ACL user; None: the default user.
        password: Its password; not shown.
        tls: For a URL with `rediss`.
        sentinel_username: ACL user at the sentinels; None: the default user.
        sentinel_password: Its password; not shown.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = Tls()
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Location:
    """What a URL says.

    Args:
        kind: How the servers work together.
        hosts: Servers, sentinels, or some nodes of a cluster.
        encrypted: Whether TLS is spoken.
        database: Its number.
        service: The master's name at the sentinels.
    """

    kind: Kind
    hosts: tuple[Host, ...]
    encrypted: bool
    database: int = 0
    service: str = ""


def read_url(url: str) -> Location:
    """Return what a URL says.

    Args:
        url: A URL without user and password.

    Raises:
        ValueError: It cannot be one; the text says what is wrong and holds nothing of it.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise _wrong(f"it must begin with {', '.join(f'{name}://' for name in _SCHEMES)}")
    kind, encrypted = _SCHEMES[scheme]
    if "?" in rest or "#" in rest:
        raise _wrong("it has a ? or a #; there are no options")
    hosts, _, path = rest.partition("/")
    if "@" in hosts:
        raise _wrong("it has user and password, which belong into a Secret")
    service, database = _path(kind, path)
    return Location(kind, _hosts(kind, hosts), encrypted, database, service)


def split_login(url: str) -> tuple[str, str | None, str | None]:
    """Return a URL without user and password, and these two."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    login, at, hosts = authority.rpartition("@")
    if not at:
        return url, None, None
    username, _, password = login.partition(":")
    return f"{scheme}{separator}{hosts}{slash}{path}", unquote(username) or None, unquote(password) or None


def _hosts(kind: Kind, text: str) -> tuple[Host, ...]:
    hosts = []
    for number, each in enumerate(text.split(","), start=1):
        found = _HOST.fullmatch(each.strip())
        port = int(found["port"] or _PORTS[kind]) if found else 0
        if found is None or not 0 < port < 65_536:
            raise _wrong(f"host {number} must be HOST or HOST:PORT with a port from 1 to 65535")
        hosts.append((unquote(found["host"].strip("[]")), port))
    if kind == "standalone" and len(hosts) > 1:
        raise _wrong("several hosts are redis+sentinel://HOST,HOST/SERVICE or redis+cluster://HOST,HOST")
    return tuple(hosts)


def _path(kind: Kind, path: str) -> tuple[str, int]:
    service, database = "", path
    if kind == "sentinel":
        service, _, database = path.partition("/")
        if not service:
            raise _wrong("behind the sentinels belongs the name of the service that they watch: …/SERVICE")
    if not re.fullmatch("[0-9]*", database):
        raise _wrong("at its end belongs the number of a database, or nothing")
    if kind == "cluster" and int(database or 0):
        raise _wrong("a cluster has no databases; leave the number out")
    return unquote(service), int(database or 0)


def _wrong(what: str) -> ValueError:
    return ValueError(f"{what}; {_FORMS}")
