"""Structured logs: one JSON object a line, or coloured text for a person at a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Literal

from .context import current_flow
from .traceparent import trace_id_of

if TYPE_CHECKING:
    import structlog

__all__ = ["configure_logs", "sdk_log"]


def sdk_log() -> structlog.typing.FilteringBoundLogger:
    """Return the SDK's logger: the application's structlog where that is set up, else the standard library's logging.

    An application that sets up neither then sees warnings on standard error, as of any library, and its standard output
    stays its own.
    """
    import structlog  # noqa: PLC0415  # a service pays for loading it when it starts, nothing else does

    if structlog.is_configured():
        return structlog.get_logger("sluiceway")  # type: ignore[no-any-return]
    return structlog.wrap_logger(logging.getLogger("sluiceway"))  # type: ignore[no-any-return]


def configure_logs(level: str = "INFO", form: Literal["auto", "json", "text"] = "auto") -> None:
    """Send the SDK's, aiohttp's and the application's logs to standard error in one form.

    Args:
        level: Lowest level that is written.
        form: `json`, `text`, or `auto`: text at a terminal, JSON elsewhere.
    """
    import structlog  # noqa: PLC0415

    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_flow,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: structlog.typing.Processor
    if text:
        # A traceback that shows local variables would show passwords.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        last: list[structlog.typing.Processor] = [renderer]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # One line a request is for a proxy to write; a service logs what matters.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _add_flow(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Name the flow, and inside of a handler the event, in every line that does not name them itself."""
    flow = current_flow.get()
    if flow.correlation_id:
        line.setdefault("correlation_id", flow.correlation_id)
    if trace_id := trace_id_of(flow.traceparent):
        line.setdefault("trace_id", trace_id)
    if flow.source is not None:
        line.setdefault("stream", flow.source.origin)
        line.setdefault("group", flow.source.group)
        line.setdefault("entry_id", flow.entry_id.decode())
        line.setdefault("event_id", flow.causation_id)
    return line
