"""Carries a flow's IDs from an HTTP request into everything that is published meanwhile."""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from .context import Flow, current_flow
from .ids import new_event_id

__all__ = ["CORRELATION_HEADER", "correlation"]

CORRELATION_HEADER = "X-Correlation-Id"

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_LONGEST = 128


@web.middleware
async def correlation(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take correlation ID and trace context from the request, and answer with the correlation ID.

    A correlation ID that is too long or not printable is replaced by a new one, a malformed `traceparent` is left out,
    as the W3C recommendation asks (https://www.w3.org/TR/trace-context/#a-traceparent-is-received).
    """
    given = request.headers.get(CORRELATION_HEADER, "")
    correlation_id = given if given and len(given) <= _LONGEST and given.isprintable() else new_event_id()
    traceparent = request.headers.get("traceparent", "")
    if not _TRACEPARENT.fullmatch(traceparent):
        traceparent = ""
    token = current_flow.set(Flow(correlation_id, "", traceparent))
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers[CORRELATION_HEADER] = correlation_id
        raise
    finally:
        current_flow.reset(token)
    if not response.prepared:
        response.headers[CORRELATION_HEADER] = correlation_id
    return response
