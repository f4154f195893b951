"""The orders that both load generators send: the same mix of customers and products."""

from __future__ import annotations

import json

__all__ = ["customer_and_items"]

_PRODUCTS = ("espresso", "filter-paper", "grinder", "kettle", "mug")
# made once: writing JSON for each order would be a good part of what a lean load generator costs
_ITEMS = [
    json.dumps(
        [{"productId": _PRODUCTS[(number + line) % 5], "quantity": 1 + (number + line) % 4} for line in range(2)],
        separators=(",", ":"),
    ).encode()
    for number in range(20)
]


def customer_and_items(number: int) -> bytes:
    """Return two members of a JSON object, for an order counted from 0."""
    return b'"customerId":"customer-%d","items":%b' % (number % 500, _ITEMS[number % 20])
