"""`sluiceway run`: serve a service until it is told to stop."""

from __future__ import annotations

import argparse
import inspect
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ..running import run
from ..service import Service
from .command import Command, not_empty, port
from .exits import Exit, Failure
from .loading import load_object, said

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["COMMAND", "application"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reference",
        metavar="MODULE:NAME",
        help="a Service, an aiohttp application, or a function that returns one of them",
    )
    parser.add_argument(
        "--host", type=not_empty, default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=port, default=8080, help="port to listen on, 0 for a free one (default: %(default)s)"
    )


def _execute(options: argparse.Namespace) -> Exit:
    app = application(options.reference, load_object(options.reference, "service"))
    try:
        run(lambda: app, host=options.host, port=options.port)
    except ConfigurationError as error:
        raise Failure(str(error), Exit.USAGE) from error
    except OSError as error:
        raise Failure(
            f"cannot listen on {options.host}:{options.port}: {error.strerror or error}; choose another --host or --port"
        ) from error
    return Exit.OK


def application(reference: str, found: Any) -> web.Application:
    """Return the application that runs what a reference named.

    Args:
        reference: How it was named, for messages.
        found: A service, an application, or a function without arguments that returns one of them.

    Raises:
        Failure: It is something else, or the function failed.
    """
    from aiohttp import web  # noqa: PLC0415  # a third of a second that no other command needs

    if not isinstance(found, Service | web.Application) and callable(found):
        found = _called(reference, found)
    if isinstance(found, Service):
        app = web.Application()
        found.attach(app)
        return app
    if isinstance(found, web.Application):
        return found
    if inspect.iscoroutine(found):
        found.close()
    raise Failure(
        f"{reference} is a {type(found).__name__}: name a Service, an aiohttp application, or a function that returns one",
        Exit.USAGE,
    )


def _called(reference: str, factory: Any) -> Any:
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        raise Failure(
            f"{reference} cannot be called without arguments ({error}): name a function that reads its own settings",
            Exit.USAGE,
        ) from None
    except ValueError:
        pass  # a callable without a signature: calling it will tell
    try:
        return factory()
    except Exception as error:
        raise Failure(f"{reference}() failed: {said(error)}", Exit.USAGE) from error


COMMAND = Command(
    "run",
    """Serve a service until SIGTERM or Ctrl-C, with /healthz, /readyz and /metrics.

The module may lie in the working directory. The service brings the address of its server with it. Told to stop, it
finishes what runs, hands the rest back to its group and ends with exit code 0. Logs go to standard error: text at a
terminal, JSON elsewhere.

examples:
  sluiceway run shop.payments:service
  sluiceway run shop.payments:create_app --host 0.0.0.0 --port 8081""",
    _configure,
    _execute,
)
