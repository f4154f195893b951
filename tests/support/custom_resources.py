"""Objects of our own kind, held to the schema that the API server has of it."""

from __future__ import annotations

from typing import Any

import yaml
from jsonschema import Draft202012Validator
from tests.support.repository import ROOT

__all__ = ["complaints", "is_custom"]

_CRD = yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text())
_SCHEMAS = {version["name"]: version["schema"]["openAPIV3Schema"] for version in _CRD["spec"]["versions"]}
_GROUP: str = _CRD["spec"]["group"]


def is_custom(manifest: dict[str, Any]) -> bool:
    """Tell whether an object is of our own API group."""
    return str(manifest["apiVersion"]).startswith(f"{_GROUP}/")


def complaints(manifest: dict[str, Any]) -> list[str]:
    """Return what the API server would complain of by the schema alone; unknown fields too, which it would drop."""
    schema = _closed(_SCHEMAS[manifest["apiVersion"].rpartition("/")[2]])
    # Kubernetes checks these itself, for every kind
    schema["properties"]["metadata"] = {"type": "object"}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(manifest)]


def _closed(schema: Any) -> Any:
    """Return the schema with no room for fields that it does not name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed["additionalProperties"] = False
    return closed
