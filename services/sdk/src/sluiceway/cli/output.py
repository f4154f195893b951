"""Where a command's results go: JSON, plain text, or rich's tables at a terminal that has rich."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .table import Block, Table, plain, printable

if TYPE_CHECKING:
    from rich.console import Group

__all__ = ["Output", "note"]

_CLEAR = "\x1b[H\x1b[2J"


class Output:
    """Writes results to standard output.

    Args:
        as_json: JSON documents instead of text.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._at_terminal = sys.stdout.isatty()
        self._rich = self._at_terminal and not as_json and importlib.util.find_spec("rich") is not None

    def show(self, document: Mapping[str, Any], blocks: Sequence[Block]) -> None:
        """Write a result once, as a document or as blocks of text."""
        if self._as_json:
            self._write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        elif self._rich:
            from rich.console import Console  # noqa: PLC0415  # optional: the extra `cli`

            Console().print(_rich(blocks))
        else:
            self._write(plain(blocks))

    @contextmanager
    def live(self) -> Iterator[Showing]:
        """Show one result after the other: redrawn at a terminal, else appended (JSON: one line each)."""
        if self._rich:
            from rich.console import Console  # noqa: PLC0415
            from rich.live import Live  # noqa: PLC0415

            with Live(console=Console(), auto_refresh=False, vertical_overflow="crop") as live:
                yield lambda _, blocks: live.update(_rich(blocks), refresh=True)
        elif self._as_json:
            yield lambda document, _: self._write(json.dumps(document, ensure_ascii=False) + "\n")
        else:
            before, after = (_CLEAR, "") if self._at_terminal else ("", "\n")
            yield lambda _, blocks: self._write(before + plain(blocks) + after)

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


if TYPE_CHECKING:
    from typing import Protocol

    class Showing(Protocol):
        """Shows the latest result."""

        def __call__(self, document: Mapping[str, Any], blocks: Sequence[Block], /) -> object:
            """Show it as a document or as blocks of text."""


def note(text: str) -> None:
    """Tell the person something beside the results, on standard error."""
    sys.stderr.write(f"{printable(text)}\n")


def _rich(blocks: Sequence[Block]) -> Group:
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    def drawn(block: Block) -> RichTable | Text:
        if not isinstance(block, Table):
            return Text(printable(block))
        table = RichTable(box=None, header_style="bold", pad_edge=False)
        for title, right in block.columns:
            table.add_column(title, justify="right" if right else "left", overflow="fold")
        for row in block.rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        return table

    return Group(*map(drawn, blocks))
