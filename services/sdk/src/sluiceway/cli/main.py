"""The command `sluiceway`: reads arguments, runs one command, and turns errors into messages and exit codes."""

from __future__ import annotations

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
    "run": "serve a service until SIGTERM or Ctrl-C",
    "probe": "wait until a service is ready",
    "publish": "append one event to a stream",
    "groups": "what each group still has to do: lag, pending, oldest age, consumers, dead letters",
    "dlq": "a group's dead letters: list, show, replay, purge",
    "trace": "a business flow: its events in order, who published them, and what became of each",
    "asyncapi": "write the AsyncAPI document of services",
    "new": "write the skeleton of a service that runs and tests itself",
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
    for argument in given:
        if any("\udc80" <= each <= "\udcff" for each in argument):
            parser.error(f"argument {argument!r} is not UTF-8")
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
        prog="sluiceway",
        description="Looks at, feeds and mends event-driven services on Redis Streams.\n\n"
        "`sluiceway COMMAND --help` explains each command, what it costs the server, and shows examples.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('sluiceway')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        own = commands.add_parser(name, help=summary)
        if name == called:
            command: Command = import_module(f".{name}", __package__).COMMAND
            own.description = command.description
            command.configure(own)
            own.set_defaults(command=command)
    return parser
