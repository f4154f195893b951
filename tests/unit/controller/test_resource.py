"""The resource: the CRD and its models agree, and bad objects are refused with the field's name."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from tests.support.repository import ROOT

from sluiceway_operator.resource import StreamConsumerSpec, StreamConsumerStatus

CRD: dict[str, Any] = yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text())
(VERSION,) = CRD["spec"]["versions"]
SCHEMA: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]["properties"]

MINIMAL: dict[str, Any] = {
    "redis": {"url": "redis://redis:6379/0"},
    "stream": "orders",
    "group": {"name": "payments"},
    "scaleTargetRef": {"name": "payments"},
}
BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "maxItems", "enum")


def facts(schema: dict[str, Any], definitions: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Type, bounds, default and required fields of every field, by its path."""
    schema = resolved(schema, definitions)
    found: dict[str, Any] = {at: {key: schema[key] for key in BOUNDS if key in schema}}
    kind = schema.get("type")
    found[at]["type"] = kind
    for name, inner in schema.get("properties", {}).items():
        found |= facts(inner, definitions, f"{at}.{name}".lstrip("."))
    if kind == "array":
        found |= facts(schema["items"], definitions, f"{at}[]")
    return found


def resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Follow references and optional unions, as pydantic writes them."""
    own = {key: value for key, value in schema.items() if key not in {"$ref", "anyOf"}}
    if "$ref" in schema:
        return resolved(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions) | own
    if "anyOf" in schema:
        (real,) = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return resolved(real, definitions) | own
    return schema


@pytest.mark.parametrize(("part", "model"), [("spec", StreamConsumerSpec), ("status", StreamConsumerStatus)])
def test_the_models_have_the_fields_types_and_bounds_of_the_crd(part: str, model: Any) -> None:
    generated = model.model_json_schema(by_alias=True)

    assert facts(generated, generated.get("$defs", {})) == facts(SCHEMA[part], {})


def defaults(schema: dict[str, Any]) -> Any:
    """What the API server fills in for an absent object, or None if it leaves it absent."""
    if "properties" not in schema or "default" not in schema:
        return schema.get("default")
    filled = dict(schema["default"])
    for name, inner in schema["properties"].items():
        if name not in filled and (value := defaults(inner)) is not None:
            filled[name] = value
    return filled


def test_the_models_fill_in_what_the_api_server_fills_in() -> None:
    filled = StreamConsumerSpec.model_validate(MINIMAL).model_dump(by_alias=True, exclude_none=True, mode="json")

    for name in ("scaling", "deadLetter", "consumers"):
        assert filled[name] == defaults(SCHEMA["spec"]["properties"][name])
    group = SCHEMA["spec"]["properties"]["group"]["properties"]
    assert filled["group"] == {"name": "payments"} | {
        key: value["default"] for key, value in group.items() if "default" in value
    }


def described(schema: dict[str, Any], at: str) -> list[str]:
    missing = [] if schema.get("description") else [at]
    for name, inner in schema.get("properties", {}).items():
        missing += described(inner, f"{at}.{name}")
    return missing


def test_every_field_is_described_by_its_name_for_kubectl_explain() -> None:
    assert described(SCHEMA["spec"], "spec") == []
    assert described(SCHEMA["status"], "status") == []
    assert wrong_beginnings(SCHEMA["spec"]) == []


def wrong_beginnings(schema: dict[str, Any]) -> list[str]:
    found = []
    for name, inner in schema.get("properties", {}).items():
        text = inner["description"]
        if not re.match(rf"({name}\b|Exactly)", text):
            found.append(f"{name}: {text}")
        if (value := inner.get("default")) not in (None, {}) and not isinstance(value, dict):
            found += [] if f"Default {value}." in text else [f"{name} does not say its default {value}"]
        found += wrong_beginnings(inner)
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"redis": {}}, "give exactly one of url and urlFrom"),
        ({"redis": {"url": "redis://a", "urlFrom": {"name": "s", "key": "k"}}}, "exactly one of url and urlFrom"),
        ({"redis": {"url": "redis://user:hunter2@redis:6379"}}, "redis.url"),
        ({"scaling": {"minReplicas": 5, "maxReplicas": 2}}, "minReplicas must not be greater than maxReplicas"),
        ({"scaling": {"target": {}}}, "give exactly one of drainSeconds and backlogPerReplica"),
        ({"scaling": {"minReplicas": -1}}, "scaling.minReplicas"),
        ({"scaling": {"mode": "Manual"}}, "scaling.mode"),
        ({"trim": {"policy": "Length"}}, "policy Length needs maxLength"),
        ({"trim": {"policy": "Age"}}, "policy Age needs maxAgeSeconds"),
        ({"trim": {"maxLength": 10, "hardMaxLength": 5}}, "hardMaxLength must not be smaller than maxLength"),
        ({"stream": ""}, "stream"),
        ({"strem": "orders"}, "strem"),
    ],
)
def test_a_bad_object_is_refused_by_the_name_of_its_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        StreamConsumerSpec.model_validate(MINIMAL | change)

    problems = [".".join(map(str, each["loc"])) + " " + each["msg"] for each in refused.value.errors()]
    assert any(message in problem for problem in problems), problems
    assert "hunter2" not in str(refused.value)


def test_strings_and_lists_are_bounded_so_that_rules_stay_cheap() -> None:
    def unbounded(schema: dict[str, Any], at: str) -> list[str]:
        found = []
        if schema["type"] == "string" and not ({"maxLength", "enum", "format"} & schema.keys()):
            found.append(at)
        if schema["type"] == "array" and "maxItems" not in schema:
            found.append(at)
        for name, inner in schema.get("properties", {}).items():
            found += unbounded(inner, f"{at}.{name}")
        return found

    assert unbounded(SCHEMA["spec"], "spec") == []
    assert unbounded(SCHEMA["status"], "status") == []
