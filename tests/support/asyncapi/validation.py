"""What is wrong with an AsyncAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

__all__ = ["faults"]

_SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.json")


def faults(document: dict[str, Any]) -> list[str]:
    """Return what the official schema finds, and references that lead nowhere (which the schema does not see)."""
    found = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in _validator().iter_errors(document)
    ]
    return found + [
        f"{reference} leads nowhere" for reference in _references(document) if not _leads(document, reference)
    ]


@cache
def _validator() -> Draft7Validator:
    return Draft7Validator(json.loads(_SCHEMA.read_text()))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)


def _leads(document: Any, reference: str) -> bool:
    root, *steps = reference.split("/")
    node = document if root == "#" else None
    for step in steps:
        node = node.get(step) if isinstance(node, dict) else None
    return node is not None
