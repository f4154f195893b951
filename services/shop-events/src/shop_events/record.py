"""An append-only record on disk that several processes share: one JSON object a line, one line a key."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .books import BooksUnavailable

__all__ = ["Record", "RecordFull"]

_SHARDS = 256


class RecordFull(OSError):
    """A line could not be written whole; nothing of it was kept."""


class Record:
    """What an outside world remembers: the payment provider its charges, the file mailbox its messages.

    Lines are only ever appended. They are spread over 256 files by a hash of their key, so that looking a key up stays
    cheap with neither an index in memory nor one on disk. A file is locked while one process looks and appends, so two
    processes that bring the same key agree on one line, and a killed process takes nothing with it: its lock ends with
    it, its lines stay.

    Args:
        directory: Where the files are; made if missing. Must be a local disk (the lock is the kernel's).
        fsync: Wait for the disk at each line: survives a power cut, not only a killed process.
        deduplicate: False appends a line at each call, also for a known key, to show what duplicates look like.

    Example:
        >>> record = Record(Path("charges"))
        >>> record.once("event-1", lambda: {"outcome": "approved"})["outcome"]
        'approved'
    """

    def __init__(self, directory: Path, *, fsync: bool = False, deduplicate: bool = True) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._fsync = fsync
        self._deduplicate = deduplicate

    def once(self, key: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return the line of a key; append the one that `make` gives if there is none.

        Blocks for as long as another process holds the file's lock: call it in a thread.

        Raises:
            RecordFull: The disk took only a part of the line.
            OSError: The file cannot be opened, read or written.
        """
        descriptor = os.open(self._shard(key), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
            whole = content.rfind(b"\n") + 1
            if whole < len(content):  # a writer died in mid-line: nobody was told of that line
                os.ftruncate(descriptor, whole)
            known = _find(content[:whole], key) if self._deduplicate else None
            if known is not None:
                return known
            line = {"key": key, **make()}
            self._append(descriptor, _encode(line), whole)
            return line
        finally:
            os.close(descriptor)

    async def remember(self, key: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Do as `once` does, in a thread.

        Raises:
            BooksUnavailable: The disk did not take the line, or the files cannot be opened.
        """
        try:
            return await asyncio.to_thread(self.once, key, make)
        except OSError as error:
            raise BooksUnavailable(str(error)) from error

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield every complete line, in no order across keys. Others may go on appending meanwhile."""
        for path in sorted(self._directory.glob("??.jsonl")):
            for line in path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def _shard(self, key: str) -> Path:
        return self._directory / f"{hashlib.sha256(key.encode()).digest()[0] % _SHARDS:02x}.jsonl"

    def _append(self, descriptor: int, line: bytes, size_before: int) -> None:
        try:
            written = os.write(descriptor, line)
        except OSError as error:
            raise RecordFull(error.errno, f"cannot append to {self._directory}: {error.strerror}") from error
        if written < len(line):
            os.ftruncate(descriptor, size_before)
            raise RecordFull(f"{self._directory}: only {written} of {len(line)} bytes fit on the disk")
        if self._fsync:
            os.fsync(descriptor)


def _encode(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _find(content: bytes, key: str) -> dict[str, Any] | None:
    # the key is each line's first member, so the search needs no parsing; JSON escapes every line break
    at = (b"\n" + content).find(b'\n{"key":' + json.dumps(key).encode())
    if at < 0:
        return None
    found: dict[str, Any] = json.loads(content[at : content.index(b"\n", at)])
    return found
