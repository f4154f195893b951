"""The orders service's HTTP interface."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from sluiceway import current_correlation_id

from .intake import Intake
from .models import OrderRequest
from .problem import FieldError, Problem, ProblemError, invalid_fields
from .read_model import OrderView

__all__ = ["API", "INTAKE", "TIMEOUT_SECONDS", "VIEW", "routes"]

INTAKE = web.AppKey("intake", Intake)
VIEW = web.AppKey("view", OrderView)
API = web.AppKey("api", dict[str, Any])
TIMEOUT_SECONDS = web.AppKey("timeout_seconds", float)

routes = web.RouteTableDef()


@routes.post("/orders")
async def create_order(request: web.Request) -> web.Response:
    """Accept an order: 202 once it is in the stream."""
    order = OrderRequest.model_validate_json(await _json_body(request))
    accepted = await request.app[INTAKE].accept(
        order, key=_idempotency_key(request), correlation_id=current_correlation_id()
    )
    return _json(accepted, HTTPStatus.ACCEPTED, {"Location": f"/orders/{accepted.order_id}"})


@routes.get("/orders/{order_id}")
async def show_order(request: web.Request) -> web.Response:
    """Show what is known of an order."""
    order_id = request.match_info["order_id"]
    async with asyncio.timeout(request.app[TIMEOUT_SECONDS]):
        state = await request.app[VIEW].get(order_id)
    if state is None:
        raise ProblemError(
            Problem(
                type="urn:problem:unknown-order",
                title="Unknown order",
                status=404,
                detail=f"no order has the ID {order_id[:100]!r}",
            )
        )
    return _json(state, HTTPStatus.OK)


@routes.get("/openapi.json")
async def show_api(request: web.Request) -> web.Response:
    """Show this interface as an OpenAPI document."""
    return web.json_response(request.app[API])


async def _json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        sent = request.headers.get("Content-Type", "nothing")
        raise web.HTTPUnsupportedMediaType(text=f"Content-Type must be application/json, not {sent[:100]!r}")
    try:
        async with asyncio.timeout(request.app[TIMEOUT_SECONDS]):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not arrive in time") from None


def _idempotency_key(request: web.Request) -> str | None:
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or not (1 <= len(keys[0]) <= 255 and keys[0].isascii() and keys[0].isprintable()):
        raise invalid_fields(
            [
                FieldError(
                    field="Idempotency-Key",
                    value=", ".join(keys)[:300],
                    allowed="1 to 255 printable ASCII characters, once",
                )
            ],
            title="Invalid header",
            status=400,
        )
    return keys[0]


def _json(document: BaseModel, status: HTTPStatus, headers: dict[str, str] | None = None) -> web.Response:
    body = document.model_dump_json(by_alias=True).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
