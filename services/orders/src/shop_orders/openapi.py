"""The OpenAPI document, made from the models that check and write what travels."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from .models import OrderAccepted, OrderRequest, OrderState
from .problem import Problem

__all__ = ["document"]

_MODELS: list[tuple[type[BaseModel], JsonSchemaMode]] = [
    (OrderRequest, "validation"),
    (OrderAccepted, "serialization"),
    (OrderState, "serialization"),
    (Problem, "serialization"),
]


def document(version: str) -> dict[str, Any]:
    """Return the interface as an OpenAPI 3.1 document.

    Args:
        version: The service's version.
    """
    _, schemas = models_json_schema(_MODELS, ref_template="#/components/schemas/{model}")
    correlation = {
        "X-Correlation-Id": {"description": "Names the flow; made up if the request has none.", "schema": _TEXT}
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": version, "description": "Takes orders and tells how they stand."},
        "paths": {
            "/orders": {
                "post": {
                    "operationId": "createOrder",
                    "summary": "Place an order",
                    "parameters": [
                        {
                            "name": "Idempotency-Key",
                            "in": "header",
                            "description": "A request repeated with the same key is about the same order.",
                            "schema": {**_TEXT, "minLength": 1, "maxLength": 255},
                        }
                    ],
                    "requestBody": {"required": True, "content": _json("OrderRequest")},
                    "responses": {
                        "202": {
                            "description": "The order is in the event store and will be worked on.",
                            "headers": {"Location": {"description": "The order.", "schema": _TEXT}, **correlation},
                            "content": _json("OrderAccepted"),
                        },
                        "400": _problem("The body is no JSON, or a header is wrong."),
                        "408": _problem("The body did not arrive in time."),
                        "413": _problem("The body is too long."),
                        "415": _problem("The body is not declared as JSON."),
                        "422": _problem("The order breaks a rule, or the key was used for another order."),
                        "503": _unavailable(),
                    },
                }
            },
            "/orders/{orderId}": {
                "get": {
                    "operationId": "showOrder",
                    "summary": "Ask how an order stands",
                    "parameters": [{"name": "orderId", "in": "path", "required": True, "schema": _TEXT}],
                    "responses": {
                        "200": {
                            "description": "What is known by now.",
                            "headers": correlation,
                            "content": _json("OrderState"),
                        },
                        "404": _problem("No such order, or one too old to be remembered."),
                        "503": _unavailable(),
                    },
                }
            },
        },
        "components": {"schemas": schemas["$defs"]},
    }


_TEXT = {"type": "string"}


def _json(model: str, media_type: str = "application/json") -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{model}"}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": _json("Problem", "application/problem+json")}


def _unavailable() -> dict[str, Any]:
    return {
        **_problem("The event store cannot take or tell this now."),
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
    }
