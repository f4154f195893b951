"""What happened in a run, in words: for the view, for plain output, and for the report."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened, so many seconds after the run began."""

    at_seconds: float
    text: str


@dataclass(slots=True)
class Journal:
    """The notes of a run, oldest first.

    Args:
        listener: called with each new note, for output that does not redraw.
    """

    listener: Callable[[Note], None] | None = None
    notes: list[Note] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    @property
    def elapsed_seconds(self) -> float:
        """How long the run has lasted."""
        return time.monotonic() - self._began

    def note(self, text: str) -> None:
        """Add a note."""
        entry = Note(self.elapsed_seconds, text)
        self.notes.append(entry)
        if self.listener is not None:
            self.listener(entry)
