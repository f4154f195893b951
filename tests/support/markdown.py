"""Markdown as data: its links and the anchors of its headings."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["anchors", "links", "without_code"]

_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)
_BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def without_code(text: str) -> str:
    """Return a text without its code, in blocks and in lines."""
    return _CODE.sub("", text)


def links(text: str) -> list[str]:
    """Return where the links of a text lead."""
    return _LINK.findall(without_code(text))


def anchors(text: str) -> set[str]:
    """Return the anchors of a text's headings, as GitHub makes them: the second of a name gets -1, and so on."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_BLOCK.sub("", text)):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found
