"""Carries a flow's IDs from an HTTP request into everything that is published meanwhile."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from .context import Flow, current_flow
from .ids import new_event_id
from .traceparent import is_traceparent

__all__ = ["CORRELATION_HEADER", "answer_with_correlation_id", "correlation"]

CORRELATION_HEADER = "X-Correlation-Id"

_LONGEST = 128
_REMEMBERED = web.RequestKey("sluiceway_correlation_id", str)


@web.middleware
async def correlation(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take correlation ID and trace context from the request.

    A correlation ID that is too long or not printable is replaced by a new one, a malformed `traceparent` is left out,
    as the W3C recommendation asks (https://www.w3.org/TR/trace-context/#a-traceparent-is-received).
    """
    given = request.headers.get(CORRELATION_HEADER, "")
    correlation_id = given if given and len(given) <= _LONGEST and given.isprintable() else new_event_id()
    traceparent = request.headers.get("traceparent", "")
    if not is_traceparent(traceparent):
        traceparent = ""
    request[_REMEMBERED] = correlation_id
    token = current_flow.set(Flow(correlation_id, "", traceparent))
    try:
        return await handler(request)
    finally:
        current_flow.reset(token)


async def answer_with_correlation_id(request: web.Request, response: web.StreamResponse) -> None:
    """Put the correlation ID on every answer, also on streamed ones and on those for a handler that raised."""
    if _REMEMBERED in request:
        response.headers[CORRELATION_HEADER] = request[_REMEMBERED]
