"""How a run can end, and the errors that end it early."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes."""

    PROVEN = 0
    BROKEN = 1
    USAGE = 2
    NOT_STARTED = 3
    DIED = 4
    KILL_WITHOUT_EFFECT = 5
    REFUSED = 6
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """Say what the exit code says."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.PROVEN: "every accepted order settled exactly once, every fault happened",
    Exit.BROKEN: "an order was lost or doubled, or poison did not end as a dead letter",
    Exit.USAGE: "the command line is wrong",
    Exit.NOT_STARTED: "the event store or a service could not be started or reached",
    Exit.DIED: "a service ended by itself, or the event store was lost, in mid-run",
    Exit.KILL_WITHOUT_EFFECT: "--kill: too few processes were killed while they owned entries",
    Exit.REFUSED: "orders were refused for good, or while payments was down (--outage)",
    Exit.INTERRUPTED: "interrupted before everything asked for had happened",
}


class DemoError(Exception):
    """A run that cannot go on; the text is for the person at the terminal.

    Args:
        text: what happened, and what to do.
        exit_code: how the process ends.
    """

    def __init__(self, text: str, exit_code: Exit = Exit.NOT_STARTED) -> None:
        super().__init__(text)
        self.exit_code = exit_code
