"""Follows a record that other processes append to: new lines, once each, while it grows."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Re-reading a folder costs a system call a file; nearly all of them have not changed since.
_PATTERN = ".jsonl"


class RecordFollower:
    """Reads the JSON lines of a folder's files that were not read before.

    Only whole lines count: a writer may be, or may have been killed, in the middle of the last one.

    Args:
        folder: where the record's files are; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_up_to: dict[str, int] = {}

    def read_new(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that were appended since the last call."""
        try:
            files = list(os.scandir(self._folder))
        except FileNotFoundError:
            return
        for entry in files:
            if not entry.name.endswith(_PATTERN):
                continue
            known = self._read_up_to.get(entry.name, 0)
            if entry.stat().st_size > known:
                yield from self._read_file(entry.path, entry.name, known)

    def _read_file(self, path: str, name: str, start: int) -> Iterator[dict[str, Any]]:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path per poll and file is most of the cost
            file.seek(start)
            content = file.read()
        whole = content.rfind(b"\n") + 1
        self._read_up_to[name] = start + whole
        for line in content[:whole].splitlines():
            yield json.loads(line)
