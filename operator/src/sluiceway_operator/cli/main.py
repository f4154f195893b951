"""The command `sluiceway-operator`: reads arguments, runs one command, and turns errors into messages and exit codes."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from .command import Command, Parser
from .exits import Exit, Failure
from .output import note

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "explain": "why a consumer has the size that it has",
    "run": "look after the StreamConsumers of a cluster",
    "local": "scale consumers by their backlog without Kubernetes, as processes of this machine",
    "lint": "check StreamConsumer manifests without a cluster",
    "simulate": "what a policy would do under a load, without touching anything",
}
"""What each command does, in a line. Each is a module, which is loaded when the command is called."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: What follows the program's name; None: those of the process.

    Returns:
        The exit code, see `Exit`.

    Raises:
        SystemExit: Wrong arguments, or help was asked for.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names and errors come from anywhere; a terminal that lacks a character is no reason to fail.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser(next((each for each in given if not each.startswith("-")), None))
    options = parser.parse_args(given)
    command: Command = options.command
    try:
        return command.execute(options)
    except Failure as failure:
        note(f"{parser.prog} {command.name}: error: {failure}")
        return failure.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes standard output once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE


def _parser(called: str | None) -> Parser:
    """Return the parser; of all commands only the one that is called is loaded."""
    parser = Parser(
        prog="sluiceway-operator",
        description="Keeps consumers of Redis Streams at the right number, and explains what it does.\n\n"
        "`sluiceway-operator COMMAND --help` explains each command and shows examples.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('sluiceway-operator')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        own = commands.add_parser(name, help=summary)
        if name == called:
            command: Command = import_module(f".{name}", __package__).COMMAND
            own.description = command.description
            command.configure(own)
            own.set_defaults(command=command)
    return parser
