"""The OpenAPI document is valid and says what the models say."""

from __future__ import annotations

from typing import Any

import openapi_spec_validator
import pytest
from jsonschema import Draft202012Validator

from shop_orders.openapi import document

DOCUMENT = document("1.2.3")


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def test_the_document_is_valid_openapi_3_1() -> None:
    openapi_spec_validator.validate(DOCUMENT)

    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["info"]["version"] == "1.2.3"


@pytest.mark.parametrize(
    "body",
    [
        {"customerId": "c1", "items": []},
        {"customerId": "c1", "items": [{"productId": "p1", "quantity": 0}]},
        {"customerId": "c1", "items": [{"productId": "p1", "quantity": 1}], "coupon": "free"},
        {"customerId": "a b", "items": [{"productId": "p1", "quantity": 1}]},
        {"items": [{"productId": "p1", "quantity": 1}]},
    ],
)
def test_a_client_can_find_a_bad_order_by_the_document_alone(body: object) -> None:
    assert not Draft202012Validator(schema("OrderRequest")).is_valid(body)


def test_a_good_order_is_good_by_the_document() -> None:
    body = {"customerId": "c1", "items": [{"productId": "p1", "quantity": 1}]}

    assert Draft202012Validator(schema("OrderRequest")).is_valid(body)


def test_every_error_is_a_problem_document() -> None:
    answers = [
        answer
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    ]

    assert len(answers) >= 8
    assert all(list(answer["content"]) == ["application/problem+json"] for answer in answers)
