"""Runs an aiohttp application as a process: logs, spans, garbage collection, event loop, signals."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from .garbage import collect_rarely
from .logs import configure_logs
from .tracing.setup import set_up_tracing

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["run"]


def run(app_factory: Callable[[], web.Application], *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve an application until SIGTERM or SIGINT, on uvloop where it is installed.

    Spans are sent where OpenTelemetry's variables ask for it, unless the application has set a tracer provider.

    Args:
        app_factory: Makes the application, inside of the event loop's process but before it runs.
        host: Address to listen on.
        port: Port to listen on.
    """
    from aiohttp import web  # noqa: PLC0415  # only what serves HTTP pays for loading it

    from .web import SERVICE  # noqa: PLC0415

    configure_logs()
    app = app_factory()
    set_up_tracing(app[SERVICE].name if SERVICE in app else "")
    collect_rarely()
    web.run_app(
        app,
        host=host,
        port=port,
        print=None,
        access_log=None,
        handler_cancellation=False,
        loop=_new_loop(),
    )


def _new_loop() -> asyncio.AbstractEventLoop:
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415  # optional: the extra `speed`

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
