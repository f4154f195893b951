"""What POST /orders takes, and how a refusal names every bad field with its value and what is allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shop_orders.models import OrderRequest
from shop_orders.problem import Problem, of_validation

GOOD: dict[str, Any] = {"customerId": "c1", "items": [{"productId": "p1", "quantity": 2}]}


def refused(body: bytes | dict[str, Any]) -> Problem:
    text = body if isinstance(body, bytes) else json.dumps(body)
    with pytest.raises(ValidationError) as refusal:
        OrderRequest.model_validate_json(text)
    return of_validation(refusal.value).problem


def one_line(**changes: object) -> dict[str, Any]:
    return {**GOOD, "items": [{**GOOD["items"][0], **changes}]}


def test_a_good_order_becomes_the_event_that_says_so() -> None:
    event = OrderRequest.model_validate_json(json.dumps(GOOD)).as_event("o1")

    assert event.encode() == b'{"orderId":"o1","customerId":"c1","items":[{"productId":"p1","quantity":2}]}'


@pytest.mark.parametrize(
    ("body", "field", "value", "allowed"),
    [
        (one_line(quantity=-1), "items[0].quantity", -1, "greater than or equal to 1"),
        (one_line(quantity=0), "items[0].quantity", 0, "greater than or equal to 1"),
        (one_line(quantity=10_001), "items[0].quantity", 10_001, "less than or equal to 10000"),
        (one_line(quantity="2"), "items[0].quantity", "2", "valid integer"),
        (one_line(quantity=2.5), "items[0].quantity", 2.5, "valid integer"),
        (one_line(quantity=True), "items[0].quantity", True, "valid integer"),
        (one_line(quantity=None), "items[0].quantity", None, "valid integer"),
        (one_line(productId=""), "items[0].productId", "", "at least 1 character"),
        (one_line(productId="p" * 65), "items[0].productId", "p" * 65, "at most 64 characters"),
        (one_line(productId="a\r\nb"), "items[0].productId", "a\r\nb", "match pattern"),
        (one_line(colour="red"), "items[0].colour", "red", "no such field"),
        ({**GOOD, "items": []}, "items", [], "at least 1 item"),
        ({**GOOD, "items": "p1"}, "items", "p1", "valid array"),
        ({**GOOD, "items": None}, "items", None, "valid array"),
        ({**GOOD, "customerId": 7}, "customerId", 7, "valid string"),
        ({**GOOD, "customer_id": "c1"}, "customer_id", "c1", "no such field"),
        ({**GOOD, "orderId": "mine"}, "orderId", "mine", "no such field"),
        ({"items": GOOD["items"]}, "customerId", None, "required"),
        ({"customerId": "c1"}, "items", None, "required"),
        (b"[]", "(body)", [], "object"),
        (b"null", "(body)", None, "object"),
        (b'"order"', "(body)", "order", "object"),
    ],
)
def test_a_bad_field_is_named_with_its_value_and_what_is_allowed(
    body: bytes | dict[str, Any], field: str, value: object, allowed: str
) -> None:
    problem = refused(body)

    assert problem.status == 422
    assert [(error.field, error.value) for error in problem.errors] == [(field, value)]
    assert allowed in problem.errors[0].allowed
    assert field in problem.detail


def test_all_bad_fields_are_named_at_once() -> None:
    problem = refused(
        {"customerId": "", "items": [{"productId": "p1", "quantity": -1}, {"quantity": "x"}], "coupon": "free"}
    )

    assert {error.field for error in problem.errors} == {
        "customerId",
        "items[0].quantity",
        "items[1].productId",
        "items[1].quantity",
        "coupon",
    }


def test_more_items_than_allowed_are_refused_without_listing_them() -> None:
    problem = refused({**GOOD, "items": GOOD["items"] * 101})

    assert [error.field for error in problem.errors] == ["items"]
    assert "at most 100 items" in problem.errors[0].allowed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'customerId': 'c1'}",
        b'{"customerId": "c1",}',
        b'{"customerId": "\xff\xfe"}',
        b'{"customerId": "\\ud800"}',
        b"[" * 50_000,
        b'{"customerId": "c1"} x',
    ],
    ids=["empty", "cut off", "wrong quotes", "trailing comma", "no UTF-8", "half a surrogate pair", "too deep", "rest"],
)
def test_what_is_no_json_is_told_apart_from_a_bad_order(body: bytes) -> None:
    problem = refused(body)

    assert (problem.status, problem.type) == (400, "urn:problem:invalid-json")
    assert problem.errors == []


def test_a_flood_of_bad_fields_is_answered_briefly() -> None:
    problem = refused({**GOOD, **{f"field{number}": "x" * 100 for number in range(5000)}})

    assert "5000" in problem.detail
    assert len(problem.errors) == 100
    assert len(problem.model_dump_json()) < 50_000


def test_a_long_value_is_cut_short() -> None:
    problem = refused({**GOOD, "customerId": "c" * 60_000})

    assert len(problem.errors[0].value) < 250


def test_a_number_that_json_does_not_know_can_still_be_named() -> None:
    problem = refused(b'{"customerId": "c1", "items": [{"productId": "p1", "quantity": NaN}]}')

    assert json.loads(problem.model_dump_json())["errors"][0]["value"] == "nan"
