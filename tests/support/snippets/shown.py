"""Whether what a page shows is what came out."""

from __future__ import annotations

import re

__all__ = ["missing_lines", "same_text"]


def same_text(shown: str, printed: str) -> bool:
    """Return whether a text is the one that is shown, where `…` stands for anything, line ends included."""
    pattern = re.escape(_tidy(shown)).replace("…", ".*?")
    return re.fullmatch(pattern, _tidy(printed), re.DOTALL) is not None


def missing_lines(shown: str, printed: str) -> list[str]:
    """Return the shown lines that were not printed.

    A line counts as printed if its words stand in this order in one line: columns may be wider, and what says nothing
    to a reader (a time, an ID, the comma behind a word) may be left out.
    """
    lines = [_words(line) for line in printed.splitlines()]
    return [line for line in shown.splitlines() if not any(_in_order(_words(line), words) for words in [[], *lines])]


def _words(line: str) -> list[str]:
    return [word.rstrip(",;") for word in line.split()]


def _in_order(wanted: list[str], words: list[str]) -> bool:
    rest = iter(words)
    return all(word in rest for word in wanted if word != "…")


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
