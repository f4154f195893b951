"""From an entry's bytes to a typed event, or to the reason why it is none. No bytes may do harm."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_validator
from tests.support.deliveries import Item, a_handler, a_source

from sluiceway import ConfigurationError, Event
from sluiceway.engine.deadletter import PROVENANCE, provenance_of
from sluiceway.engine.decoder import Decoder
from sluiceway.engine.delivery import Delivery, Source, Stage
from sluiceway.ids import foreign_event_id
from sluiceway.keys import GroupKeys
from sluiceway.options import Unhandled

GOOD = {b"type": b"ITEM", b"payload": b'{"number":1}'}


class ItemAgain(Event, type="ITEM", version=2):
    count: int


async def handle(_: Item) -> None: ...


async def handle_again(_: ItemAgain) -> None: ...


def decoded(fields: Any, unhandled: Unhandled = "ignore", *, replay: bool = False) -> Delivery:
    pairs = fields.items() if isinstance(fields, dict) else fields
    raw = [part for pair in pairs for part in pair]
    source = Source(GroupKeys("items", "group"), replay=True) if replay else a_source()
    return Decoder([a_handler(handle)], unhandled, "me").decode(source, b"5-1", raw)


def provenance(delivery: Delivery) -> dict[str, Any]:
    ((stream, (names, _)),) = delivery.outputs
    assert stream == "{items}.group.dead"
    assert names[0] == PROVENANCE
    told: dict[str, Any] = json.loads(provenance_of(delivery))
    return told


def original_of(delivery: Delivery) -> list[Any]:
    """The fields that a dead letter keeps, flat."""
    ((_, (names, values)),) = delivery.outputs
    return [part for pair in zip(names[1:], values[1:], strict=True) for part in pair]


def test_a_good_entry_is_ready_for_its_handler() -> None:
    delivery = decoded({**GOOD, b"id": b"e", b"correlationId": b"c", b"traceparent": b"t"})

    assert delivery.stage is Stage.READY
    assert delivery.event == Item(number=1)
    assert delivery.handler is not None
    assert delivery.event_id == "e"
    assert (delivery.correlation_id, delivery.causation_id, delivery.traceparent) == ("c", "e", "t")
    assert delivery.size == len(GOOD[b"payload"])


def test_without_ids_both_are_made_from_the_entry_s_place() -> None:
    delivery = decoded(GOOD)

    assert delivery.event_id == delivery.correlation_id == foreign_event_id("items", "5-1")


@pytest.mark.parametrize("event_id", [b"", None])
def test_an_empty_id_is_none(event_id: bytes | None) -> None:
    fields = GOOD if event_id is None else {**GOOD, b"id": event_id}

    assert decoded(fields).event_id == foreign_event_id("items", "5-1")


def test_the_version_chooses_the_class() -> None:
    decoder = Decoder([a_handler(handle), _other_handler()], "ignore", "me")
    raw = [b"type", b"ITEM", b"payload", b'{"count":2}', b"version", b"2"]

    assert decoder.decode(a_source(), b"5-1", raw).event == ItemAgain(count=2)


def test_an_unknown_version_says_which_there_are() -> None:
    decoder = Decoder([a_handler(handle), _other_handler()], "ignore", "me")
    delivery = decoder.decode(a_source(), b"5-1", [b"type", b"ITEM", b"payload", b"{}", b"version", b"3"])

    assert provenance(delivery)["error"] == "ITEM version '3' is not one of 1, 2"


def test_two_handlers_for_one_type_and_version_are_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="handlers handle and handle both take ITEM version 1"):
        Decoder([a_handler(handle), a_handler(handle)], "ignore", "me")


def test_an_unknown_type_is_ignored_or_a_dead_letter() -> None:
    fields = {b"type": b"OTHER", b"payload": b"{}"}

    ignored = decoded(fields)
    assert (ignored.stage, ignored.counts_as, ignored.outputs) == (Stage.DONE, "ignored", [])
    assert provenance(decoded(fields, "dead_letter"))["error"] == "no handler takes the type 'OTHER'"


@pytest.mark.parametrize(
    ("fields", "reason", "told"),
    [
        ({b"payload": b"{}"}, "undecodable", "the entry has no field `type`"),
        ({b"type": b"ITEM"}, "undecodable", "the entry has no field `payload`"),
        ({**GOOD, b"payload": b"{"}, "undecodable", "payload: Invalid JSON"),
        ({**GOOD, b"payload": b"{}"}, "invalid", "number: Field required"),
        ({**GOOD, b"payload": b"[]"}, "invalid", "payload: Input should be an object"),
        ({**GOOD, b"id": b"\xff"}, "undecodable", "id or correlationId: 'utf-8' codec can't decode"),
    ],
)
def test_the_error_names_the_field_and_what_is_wrong(fields: dict[bytes, bytes], reason: str, told: str) -> None:
    delivery = decoded(fields)

    assert provenance(delivery)["reason"] == reason
    assert told in provenance(delivery)["error"]
    assert (delivery.stage, delivery.counts_as, delivery.handler) == (Stage.DONE, "dead_lettered", None)


def test_an_error_about_many_fields_names_the_first_ten() -> None:
    names = {f"field_{number:02}": (int, ...) for number in range(30)}
    many = type("Many", (Event,), {"__annotations__": dict.fromkeys(names, int)}, type="MANY")

    async def handle_many(_: Any) -> None: ...

    handler = a_handler(handle)
    object.__setattr__(handler, "events", (many,))
    delivery = Decoder([handler], "ignore", "me").decode(a_source(), b"5-1", [b"type", b"MANY", b"payload", b"{}"])

    assert provenance(delivery)["error"].count("Field required") == 10


def test_a_class_whose_validator_breaks_makes_its_entry_a_dead_letter_and_no_more() -> None:
    class Broken(Event, type="BROKEN"):
        number: int

        @field_validator("number")
        @classmethod
        def _break(cls, value: int) -> int:
            return {1: 1}[value]

    handler = a_handler(handle)
    object.__setattr__(handler, "events", (Broken,))
    raw = [b"type", b"BROKEN", b"payload", b'{"number":7}']
    delivery = Decoder([handler], "ignore", "me").decode(a_source(), b"5-1", raw)

    assert (provenance(delivery)["reason"], provenance(delivery)["errorType"]) == ("invalid", "KeyError")


def test_a_replay_has_the_original_s_place_and_a_marker_of_its_own() -> None:
    original = decoded(GOOD)
    replayed = decoded({b"replayOf": b"5-1", b"replayNonce": b"n", **GOOD}, replay=True)

    assert replayed.event_id == original.event_id
    assert replayed.marker != original.marker
    assert replayed.fields == original.fields
    assert replayed.origin_id == b"5-1"


FIELD_NAMES = st.one_of(
    st.sampled_from([b"id", b"type", b"payload", b"correlationId", b"traceparent", b"key", b"version", b"time"]),
    st.sampled_from([b"replayOf", b"replayOfPacked", b"replayNonce", b"fields", b"deadLetter"]),
    st.binary(),
)
VALUES = st.one_of(st.sampled_from([b"ITEM", b'{"number":1}', b"1", b"5-1", b"\xff", b"{", b"{}"]), st.binary())


@given(
    st.lists(st.tuples(FIELD_NAMES, VALUES), min_size=1),
    st.sampled_from(["ignore", "dead_letter"]),
    st.booleans(),
)
def test_any_fields_are_an_event_ignored_or_a_dead_letter_with_all_of_them(
    fields: list[tuple[bytes, bytes]],
    unhandled: Unhandled,
    replay: bool,  # noqa: FBT001 - hypothesis fills it
) -> None:
    delivery = decoded(fields, unhandled, replay=replay)

    if delivery.stage is Stage.READY:
        assert delivery.event is not None
        assert delivery.handler is not None
    elif delivery.counts_as == "ignored":
        assert unhandled == "ignore"
        assert not delivery.outputs
    else:
        told = provenance(delivery)
        assert told["reason"] in ("undecodable", "invalid", "unknown_version", "unhandled")
        assert original_of(delivery) == delivery.original
        json.dumps(told).encode()
    assert len(delivery.marker) == 16
    delivery.event_id.encode()


def _other_handler() -> Any:
    handler = a_handler(handle)
    object.__setattr__(handler, "events", (ItemAgain,))
    return handler
