"""Where built things are kept between runs, so that nothing is built twice from the same inputs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cache", "key_of"]

_FORGOTTEN_SECONDS = 86_400
_KEPT = 2
"""Versions of one artefact that stay: two checkouts with different pins can take turns."""


def key_of(*inputs: str | Path) -> str:
    """Return a short name for exactly these inputs: texts as they are, files by content, folders by all their files."""
    digest = hashlib.sha256()
    for given in inputs:
        for part in _parts(given):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def _parts(given: str | Path) -> Iterable[bytes]:
    if isinstance(given, str):
        return [given.encode()]
    if given.is_file():
        return [given.name.encode(), given.read_bytes()]
    files = sorted(path for path in given.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [part for path in files for part in (str(path.relative_to(given)).encode(), path.read_bytes())]


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of artefacts, each in a folder named after what it was made from.

    Args:
        root: The folder; it need not exist yet.
    """

    root: Path

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> Cache:
        """Return the cache of this user: `SLUICEWAY_CACHE`, else a folder of the user's cache folder."""
        if own := environment.get("SLUICEWAY_CACHE"):
            return cls(Path(own).expanduser().resolve())
        base = environment.get("XDG_CACHE_HOME") or "~/.cache"
        return cls(Path(base).expanduser().resolve() / "sluiceway")

    @property
    def logs(self) -> Path:
        """The folder for what the builds say."""
        return self.root / "logs"

    def folder(self, name: str) -> Path:
        """Return a folder of the cache for what somebody else keeps there."""
        made = self.root / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def path(self, name: str, key: str) -> Path:
        """Return where an artefact is, or would be."""
        return self.root / "artefacts" / f"{name}-{key}"

    def artefact(self, name: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of an artefact, made first if it is not there.

        Args:
            name: What it is.
            key: What it is made from, see `key_of`.
            make: Fills an empty folder. It runs once, however many processes ask at once.
        """
        target = self.path(name, key)
        with self.lock(name):
            if not target.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                with self.scratch() as made:
                    make(made)
                    made.chmod(0o755)
                    made.rename(target)
            os.utime(target)
            self._prune(name)
        return target

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder in the cache; what is still there at the end is removed."""
        parent = self.root / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        for forgotten in parent.iterdir():
            # whoever was killed could not remove it
            if time.time() - forgotten.stat().st_mtime > _FORGOTTEN_SECONDS:
                shutil.rmtree(forgotten, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock among all processes that use this cache."""
        locks = self.root / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with (locks / name).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def _prune(self, name: str) -> None:
        """Remove the versions of an artefact that were used longest ago; its keys have no dash, so names stay apart."""
        versions = (self.root / "artefacts").glob(f"{name}-*")
        own = [path for path in versions if path.name.rpartition("-")[0] == name]
        for old in sorted(own, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
            shutil.rmtree(old)
