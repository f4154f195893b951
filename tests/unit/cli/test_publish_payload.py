"""What `publish` takes for an event."""

import pytest
from tests.support.numbered import Numbered

from sluiceway import Event
from sluiceway.cli.exits import Exit, Failure
from sluiceway.cli.publish import modelled, verbatim


def test_a_payload_is_sent_byte_for_byte() -> None:
    event = verbatim("ORDER_CREATED", 2, b'{"amount": 1.10, "id": 12345678901234567890}')

    assert event.encode() == b'{"amount": 1.10, "id": 12345678901234567890}'
    assert (event.event_type, event.event_version) == ("ORDER_CREATED", 2)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"", "no valid JSON"),
        (b'{"a": 1', "no valid JSON"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": "\xff"}', "no valid JSON"),
        (b"[1]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
    ],
    ids=["empty", "cut off", "NaN", "not UTF-8", "list", "string", "nested"],
)
def test_a_payload_that_is_no_json_object_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Failure, match=told) as caught:
        verbatim("ORDER_CREATED", 1, payload)

    assert caught.value.exit_code is Exit.USAGE


@pytest.mark.parametrize("kind", [" ", "A\n", "x" * 201])
def test_a_type_that_no_event_can_have_is_refused(kind: str) -> None:
    with pytest.raises(Failure, match="printable text of at most 200 characters"):
        verbatim(kind, 1, b"{}")


def test_a_model_makes_the_event_that_a_service_would_publish() -> None:
    assert modelled(Numbered, "NUMBERED", None, b'{ "number": 7 }').encode() == b'{"number":7}'


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b'{"number": "seven"}', "does not fit Numbered: number: Input should be a valid integer"),
        (b"{}", "number: Field required"),
        (b'{"number": 7, "numbr": 8}', "fields that Numbered does not know: 'numbr'"),
    ],
)
def test_a_payload_that_does_not_fit_its_model_is_refused_field_by_field(payload: bytes, told: str) -> None:
    with pytest.raises(Failure, match=told):
        modelled(Numbered, "NUMBERED", None, payload)


@pytest.mark.parametrize(
    ("model", "kind", "version", "told"),
    [
        (Numbered, "ORDER_CREATED", None, "has the type 'NUMBERED'"),
        (Numbered, "NUMBERED", 2, "Numbered is version 1"),
        (Event, "NUMBERED", None, "has the type ''"),
        (dict, "NUMBERED", None, "is no Event class"),
        (7, "NUMBERED", None, "is no Event class"),
    ],
)
def test_a_model_of_another_event_is_refused(model: object, kind: str, version: int | None, told: str) -> None:
    with pytest.raises(Failure, match=told):
        modelled(model, kind, version, b'{"number": 7}')
