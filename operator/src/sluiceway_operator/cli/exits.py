"""What an exit code means, and the error that ends a command with one."""

from enum import IntEnum

__all__ = ["Exit", "Failure"]


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141

    @property
    def meaning(self) -> str:
        """Say it in words."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.OK: "done, nothing is wrong",
    Exit.FAILED: "something is wrong with what was given, or what was named does not exist",
    Exit.USAGE: "wrong arguments or files: trying again does not help",
    Exit.UNREACHABLE: "the API server or the operator cannot be reached: trying again may help",
    Exit.INTERRUPTED: "interrupted (Ctrl-C)",
    Exit.BROKEN_PIPE: "whoever read the output stopped reading",
}


class Failure(Exception):
    """Ends a command with a message and an exit code.

    Args:
        message: What is wrong, and what to do.
        exit_code: How the process ends.
    """

    def __init__(self, message: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code
