"""A Markdown page as data: its fenced blocks, in order, each with what its marker says."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Block", "blocks"]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<marker>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Args:
        language: What is written behind the opening fence.
        text: What stands between the fences.
        line: Number of its first line in the page.
        marker: What the HTML comment right above it says; empty for none.
    """

    language: str
    text: str
    line: int
    marker: str

    @property
    def not_run(self) -> str:
        """Why nobody runs it, or an empty text."""
        return self._said("not run: ")

    @property
    def file(self) -> str:
        """The file that it is saved as, or an empty text."""
        return self._said("file: ")

    @property
    def fails(self) -> bool:
        """Whether its last statement raises, which the page shows."""
        return self.marker == "fails"

    @property
    def background(self) -> bool:
        """Whether its command runs until the page ends."""
        return self.marker == "background"

    def _said(self, beginning: str) -> str:
        return self.marker.removeprefix(beginning) if self.marker.startswith(beginning) else ""


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page.

    Raises:
        ValueError: A fence is indented, not closed, or made of other characters than ```: nobody would run it.
    """
    found = [
        Block(
            match["language"],
            match["text"],
            text.count("\n", 0, match.start("text")) + 1,
            (match["marker"] or "").strip(),
        )
        for match in _BLOCK.finditer(text)
    ]
    if len(_FENCE.findall(text)) != 2 * len(found):
        raise ValueError("a fence is indented, not closed, or no ```: write each block with ``` at the start of a line")
    return found
