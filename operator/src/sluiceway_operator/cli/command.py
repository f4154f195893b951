"""What a command is made of, and the options that many of them share."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .exits import Exit

__all__ = ["Command", "Parser", "add_json_option", "positive"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Args:
        name: What it is called by.
        description: What it does, what it needs, and examples.
        configure: Adds its arguments.
        execute: Does it and returns the exit code.
    """

    name: str
    description: str
    configure: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace], Exit]


class Parser(argparse.ArgumentParser):
    """Keeps descriptions as they are written, takes no abbreviated options, and says what exit codes mean."""

    def __init__(self, **options: Any) -> None:
        exits = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in Exit)
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            epilog=f"exit codes:\n{exits}",
            **options,
        )


def add_json_option(parser: argparse._ActionsContainer) -> None:  # what a parser and a group of options have in common
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="write JSON instead of text")


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small, the least is 1")
    return number
