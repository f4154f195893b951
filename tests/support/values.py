"""A chart's values and its schema as flat lists of paths, to hold one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["schema_paths", "value_paths"]


def schema_paths(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the path of every value that a schema knows; a map whose keys are the user's is one value."""
    definitions = schema.get("$defs", {})

    def walk(part: dict[str, Any], at: str) -> Iterator[str]:
        if "$ref" in part:
            part = definitions[part["$ref"].rsplit("/", 1)[1]]
        if part.get("additionalProperties") is False:
            for name, inner in part["properties"].items():
                yield from walk(inner, f"{at}.{name}".lstrip("."))
        else:
            yield at

    return walk(schema, "")


def value_paths(values: dict[str, Any], known: set[str]) -> Iterator[str]:
    """Yield the path of every value; what the schema knows as one value is one.

    Args:
        values: The chart's values.
        known: The paths of its schema.
    """

    def walk(part: Any, at: str) -> Iterator[str]:
        if isinstance(part, dict) and at not in known:
            for name, inner in part.items():
                yield from walk(inner, f"{at}.{name}".lstrip("."))
        else:
            yield at

    return walk(values, "")
