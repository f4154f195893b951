"""What a target is without Kubernetes: a command under a name."""

import shlex
import shutil
from dataclasses import dataclass

__all__ = ["Program", "ProgramError", "read_program"]


class ProgramError(ValueError):
    """A program is not given in a way that it could be started."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command that runs one consumer for as long as it is let.

    Args:
        name: The name that `scaleTargetRef.name` has.
        command: Program and arguments.
    """

    name: str
    command: tuple[str, ...]


def read_program(text: str) -> Program:
    """Read a program as the command line gives it.

    Args:
        text: `NAME=COMMAND`, the command quoted as for a shell; no shell takes part, so there are no pipes and variables.

    Raises:
        ProgramError: There is no name, no command, or nothing that could be executed.

    Example:
        >>> read_program("payments=env PAYMENTS_PORT=0 python -m shop_payments")
    """
    name, equals, rest = text.partition("=")
    if not equals or not name.strip():
        raise ProgramError(f"{text!r} has no name; write NAME=COMMAND, where NAME is that of a scaleTargetRef")
    try:
        command = tuple(shlex.split(rest))
    except ValueError as error:
        raise ProgramError(f"{text!r}: {error}; quote it as for a shell") from None
    if not command:
        raise ProgramError(f"{text!r} has no command; write NAME=COMMAND")
    if shutil.which(command[0]) is None:
        raise ProgramError(f"{text!r}: there is no program {command[0]!r} on PATH that can be executed")
    return Program(name.strip(), command)
