"""What a command is made of, and the options that many of them share."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .exits import Exit
from .moments import parse_duration

__all__ = [
    "DEFAULT_URL",
    "URL_VARIABLE",
    "Command",
    "Parser",
    "add_json_option",
    "add_server_options",
    "duration",
    "entry_id",
    "not_empty",
    "port",
    "positive",
]

URL_VARIABLE = "SLUICEWAY_REDIS_URL"
DEFAULT_URL = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Args:
        name: What it is called by.
        description: What it does, what it costs, and examples.
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


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add `--redis` and what goes with it."""
    server = parser.add_argument_group("server")
    server.add_argument(
        "--redis",
        metavar="URL",
        type=not_empty,
        default=os.environ.get(URL_VARIABLE) or DEFAULT_URL,
        help="redis://[USER:PASSWORD@]HOST:PORT/DB, redis+sentinel://HOST:PORT,…/SERVICE/DB or redis+cluster://HOST:PORT,…; "
        f"rediss… for TLS (default: ${URL_VARIABLE}, else {DEFAULT_URL}); "
        "other users of the machine can read arguments, so a password belongs into the variable or a file",
    )
    server.add_argument("--password-file", metavar="FILE", type=Path, help="file that holds the password")
    for option, what in (
        (
            "--tls-ca-file",
            "certificates (PEM) of those who may sign the server's, with rediss://… (default: the system's",
        ),
        ("--tls-certificate-file", "our certificate (PEM), for a server that asks for one (default: none"),
        ("--tls-key-file", "its key (PEM), if not in the same file (default: none"),
    ):
        variable = f"SLUICEWAY_{option.removeprefix('--').replace('-', '_').upper()}"
        given = os.environ.get(variable)
        server.add_argument(
            option, metavar="FILE", type=Path, default=given and Path(given), help=f"{what}, or ${variable})"
        )
    server.add_argument("--user", metavar="NAME", type=not_empty, help="ACL user, with --password-file")
    server.add_argument(
        "--sentinel-password-file", metavar="FILE", type=Path, help="file that holds the password at the sentinels"
    )
    server.add_argument(
        "--sentinel-user", metavar="NAME", type=not_empty, help="ACL user there, with --sentinel-password-file"
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
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


def port(text: str) -> int:
    """Read a TCP port; 0 asks for a free one."""
    number = int(text) if re.fullmatch("[0-9]{1,5}", text) else -1
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, give 0 (a free one) to 65535")
    return number


def duration(text: str) -> float:
    """Read a duration in seconds."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def entry_id(text: str) -> str:
    """Read a full entry ID."""
    if not re.fullmatch("[0-9]{1,20}-[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an entry ID, which looks like 1700000000000-0")
    return text


def not_empty(text: str) -> str:
    """Read a text that says something."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty")
    return text
