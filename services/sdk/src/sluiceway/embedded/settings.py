"""The configuration that an embedded server is given."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Fsync: TypeAlias = Literal["everysec", "always"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the server is told at start.

    Attributes:
        append_only: Write an append-only file, so that a killed server comes back with its data.
        fsync: "always": a reply means that the data is on the disk; "everysec": a power cut may cost a second.
        max_memory: Bytes after which writes are refused (`noeviction`); None: no limit.
        password: For the default user; None: none is asked.
        extra: Further lines as in `redis.conf`, for example `("maxclients 50",)`; they come last and win.
    """

    append_only: bool = True
    fsync: Fsync = "everysec"
    max_memory: int | None = None
    password: str | None = None
    extra: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.fsync not in ("everysec", "always"):
            raise ValueError(f"fsync={self.fsync!r}: use 'everysec' or 'always'")
        if self.max_memory is not None and self.max_memory <= 0:
            raise ValueError(f"max_memory={self.max_memory!r}: use a positive number of bytes, or None for no limit")
        if isinstance(self.extra, str):
            raise TypeError(f"extra={self.extra!r}: use a sequence of lines, one string each")

    def render(self, *, port: int, data_dir: Path) -> str:
        """Write the configuration file's text.

        Args:
            port: TCP port on the loopback interface.
            data_dir: Where the server keeps its files.

        Returns:
            The text, to be read by the server from its standard input (a command line would show the password to everyone).
        """
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            "daemonize no",
            "protected-mode yes",
            f"dir {_quoted(str(data_dir))}",
            'logfile ""',
            'save ""',
            f"appendonly {'yes' if self.append_only else 'no'}",
            f"appendfsync {self.fsync}",
            f"maxmemory {self.max_memory or 0}",
            # Evicting keys would silently throw events away; a full server has to refuse instead.
            "maxmemory-policy noeviction",
        ]
        if self.password is not None:
            lines.append(f"requirepass {_quoted(self.password)}")
        return "\n".join([*lines, *self.extra, ""])


def _quoted(value: str) -> str:
    plain = set(map(ord, string.ascii_letters + string.digits + "/-_. "))
    escaped = "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in os.fsencode(value))
    return f'"{escaped}"'
