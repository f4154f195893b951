"""A table, and its form as plain text. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Block", "Table", "plain", "printable"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under titles.

    Args:
        titles: One a column; a leading `>` sets the column to the right.
        rows: One text a column.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """Title, and whether it is set to the right."""
        return [(title.removeprefix(">"), title.startswith(">")) for title in self.titles]


Block = str | Table
"""What output is made of: a line of text, or a table."""


def printable(text: str) -> str:
    """Return a text with everything escaped that could move a cursor or break a line: names and errors come from anywhere."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def plain(blocks: Sequence[Block]) -> str:
    """Return blocks as lines of text, columns two blanks apart, none with blanks at its end."""
    lines: list[str] = []
    for block in blocks:
        lines += [printable(block)] if isinstance(block, str) else _lines(block)
    return "".join(f"{line}\n" for line in lines)


def _lines(table: Table) -> list[str]:
    columns = table.columns
    cells = [[title.upper() for title, _ in columns], *([printable(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, (_, right) in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in cells
    ]
