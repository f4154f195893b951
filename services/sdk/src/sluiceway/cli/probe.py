"""`sluiceway probe`: wait until a service is ready."""

from __future__ import annotations

import argparse
import http.client
import json
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from .command import Command, duration, not_empty
from .exits import Exit, Failure
from .output import note

__all__ = ["COMMAND"]

_ASK_EVERY_SECONDS = 0.1
_ANSWER_SECONDS = 2.0


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", type=not_empty, help="where the service listens: http://127.0.0.1:8080")
    parser.add_argument(
        "--within",
        metavar="DURATION",
        type=duration,
        default=60.0,
        help="longest wait, for example 90s or 2m (default: 60s)",
    )


def _execute(options: argparse.Namespace) -> Exit:
    url = options.url.rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Failure(f"URL {options.url!r}: must begin with http:// or https://", Exit.USAGE)
    deadline = time.monotonic() + options.within
    while problems := _problems(url):
        if time.monotonic() >= deadline:
            said = f"{url} is not ready after {options.within:g} s: {'; '.join(problems)}"
            if _alive(url):
                note(f"{said}. It is alive and goes on trying.")
                return Exit.OK
            raise Failure(said, Exit.UNREACHABLE)
        time.sleep(_ASK_EVERY_SECONDS)
    return Exit.OK


def _problems(url: str) -> list[str]:
    """Return what keeps the service from being ready; empty if it is."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=_ANSWER_SECONDS):  # noqa: S310  # the scheme is checked
            return []
    except urllib.error.HTTPError as answer:
        try:
            return list(map(str, json.load(answer)["problems"])) or [str(answer)]
        except (ValueError, KeyError, TypeError):
            return [str(answer)]
    except (OSError, http.client.HTTPException) as error:
        return [str(error)]


def _alive(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=_ANSWER_SECONDS):  # noqa: S310  # the scheme is checked
            return True
    except (OSError, http.client.HTTPException):
        return False


COMMAND = Command(
    "probe",
    """Ask a service's `/readyz` until it says yes. A service that is alive when the time is up, but still waits for its
server, is left to it: the exit code is 0 and the reason goes to standard error. Made for a startup probe, which then
neither complains about a server that comes up a little later nor restarts anything because of it.

examples:
  sluiceway probe http://127.0.0.1:8080
  sluiceway probe http://127.0.0.1:8080 --within 2m""",
    _configure,
    _execute,
)
