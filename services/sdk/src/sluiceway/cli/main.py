"""The command `sluiceway`: reads arguments, runs one command, and turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from . import dlq, groups, new, probe, publish, run, trace
from .command import Command, Parser
from .exits import Exit, Failure
from .output import note

__all__ = ["COMMANDS", "main"]

COMMANDS: tuple[Command, ...] = (
    run.COMMAND,
    probe.COMMAND,
    publish.COMMAND,
    groups.COMMAND,
    dlq.COMMAND,
    trace.COMMAND,
    new.COMMAND,
)


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
    parser = _parser()
    given = sys.argv[1:] if arguments is None else list(arguments)
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


def _parser() -> Parser:
    parser = Parser(
        prog="sluiceway",
        description="Looks at, feeds and mends event-driven services on Redis Streams.\n\n"
        "`sluiceway COMMAND --help` explains each command, what it costs the server, and shows examples.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('sluiceway')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(command.name, help=command.summary, description=command.description)
        command.configure(own)
        own.set_defaults(command=command)
    return parser
