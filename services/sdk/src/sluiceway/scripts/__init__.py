"""The server-side scripts, one `.lua` file each. A script is loaded once and called by its digest."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files

__all__ = ["Script", "load"]


@dataclass(frozen=True, slots=True)
class Script:
    """A server-side script.

    Args:
        name: Its file's name without the ending.
        source: Its text.
        digest: What EVALSHA calls it by.
    """

    name: str
    source: bytes
    digest: bytes


def load(name: str) -> Script:
    """Return the script of that name.

    Raises:
        FileNotFoundError: The package has no such script.
    """
    source = files(__name__).joinpath(f"{name}.lua").read_bytes()
    return Script(name, source, sha1(source, usedforsecurity=False).hexdigest().encode())
