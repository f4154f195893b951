"""Where a command's results go: a JSON document or text to standard output, remarks to standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .table import Block, plain, printable

__all__ = ["note", "show"]


def show(document: Mapping[str, Any], blocks: Sequence[Block], *, as_json: bool) -> None:
    """Write a result, as a document or as blocks of text."""
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(plain(blocks))
    sys.stdout.flush()


def note(text: str) -> None:
    """Tell the person something beside the results, on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
