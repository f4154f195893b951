"""The orders that both load generators send: the same mix of customers and products."""

from __future__ import annotations

import json

__all__ = ["body"]

_PRODUCTS = ("espresso", "filter-paper", "grinder", "kettle", "mug")


def body(number: int) -> bytes:
    """Return the body of POST /orders for an order counted from 0."""
    lines = [
        {"productId": _PRODUCTS[(number + line) % len(_PRODUCTS)], "quantity": 1 + (number + line) % 4}
        for line in range(2)
    ]
    return json.dumps({"customerId": f"customer-{number % 500}", "items": lines}, separators=(",", ":")).encode()
