"""The repository as data, for tests that watch over its files."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["ROOT", "committed_texts"]

ROOT = Path(__file__).parents[2]


def committed_texts() -> dict[str, str]:
    """Return the text of every file that git would commit or has, by its path; binary files are left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    texts = {}
    for name in filter(None, listing.split("\0")):
        try:
            texts[name] = (ROOT / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return texts
