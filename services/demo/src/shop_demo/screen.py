"""Where a run shows itself: a live picture on a terminal, lines of text anywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live

from shop_demo.journal import Journal, Note
from shop_demo.view import Picture, draw, plain_line, plain_note

_SECONDS_BETWEEN_LINES = 2.0


class Screen(Protocol):
    """Shows a run."""

    def show(self, picture: Picture) -> None:
        """Show the latest state."""
        ...


class LiveScreen:
    """Redraws a picture in place.

    Args:
        live: rich's live display, already started.
        console: the terminal.
        journal: its notes are part of the picture.
    """

    def __init__(self, live: Live, console: Console, journal: Journal) -> None:
        self._live = live
        self._console = console
        self._journal = journal

    def show(self, picture: Picture) -> None:
        """Draw the latest state over the one before."""
        self._live.update(draw(picture, self._journal, height=self._console.height), refresh=True)


class PlainScreen:
    """Prints a line now and then, and every note at once.

    Args:
        out: where the lines go.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._next_at = _SECONDS_BETWEEN_LINES

    def show(self, picture: Picture) -> None:
        """Print the latest state, unless a line was printed a moment ago."""
        if picture.elapsed_seconds >= self._next_at:
            self._next_at = picture.elapsed_seconds + _SECONDS_BETWEEN_LINES
            print(plain_line(picture), file=self._out, flush=True)

    def note(self, note: Note) -> None:
        """Print a note."""
        print(plain_note(note), file=self._out, flush=True)


@contextmanager
def open_screen(journal: Journal, *, json: bool) -> Iterator[Screen]:
    """Choose how to show a run.

    Args:
        journal: notes of the run; a plain screen listens to it.
        json: stdout belongs to the JSON object, so lines go to stderr.

    Yields:
        the screen; a live one is taken away at the end, and the terminal is as it was.
    """
    console = Console()
    if json or not console.is_terminal:
        screen = PlainScreen(sys.stderr if json else sys.stdout)
        journal.listener = screen.note
        yield screen
        return
    with Live(
        console=console, transient=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    ) as live:
        yield LiveScreen(live, console, journal)
