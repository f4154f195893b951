"""Identities: event IDs, markers, entry IDs as numbers."""

import uuid

from hypothesis import assume, given
from hypothesis import strategies as st

from sluiceway.ids import (
    derived_event_id,
    entry_milliseconds,
    entry_order,
    foreign_event_id,
    marker,
    new_event_id,
    new_event_ids,
)

TEXTS = st.text(st.characters(codec="utf-8"))
ENTRY_IDS = st.tuples(st.integers(0, 2**63), st.integers(0, 2**64 - 1))


def test_a_new_event_id_is_a_random_uuid() -> None:
    ids = {new_event_id() for _ in range(100)}

    assert len(ids) == 100
    assert {uuid.UUID(each).version for each in ids} == {4}


def test_many_new_event_ids_are_random_uuids_as_well() -> None:
    ids = new_event_ids(100)

    assert len(set(ids)) == 100
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in ids} == {(4, uuid.RFC_4122)}
    assert new_event_ids(0) == []


@given(TEXTS, TEXTS, st.integers(0, 1000))
def test_an_output_s_id_is_a_uuid_that_depends_on_input_group_and_place_alone(
    event_id: str, group: str, index: int
) -> None:
    made = derived_event_id(event_id, group, index)

    assert made == derived_event_id(event_id, group, index)
    assert str(uuid.UUID(made)) == made
    assert (uuid.UUID(made).version, uuid.UUID(made).variant) == (5, uuid.RFC_4122)
    assert made != derived_event_id(event_id, group, index + 1)
    assert made != derived_event_id(event_id, group + "x", index)
    assert made != derived_event_id(event_id + "x", group, index)


def test_an_output_s_id_stays_the_same_from_release_to_release() -> None:
    """Consumers drop second copies by it, also of events that an older release published."""
    assert derived_event_id("e-1", "payments", 0) == "18261874-6cbe-50db-b192-69ed679d8e62"


@given(TEXTS, TEXTS)
def test_a_foreign_entry_s_id_depends_on_its_place(stream: str, entry_id: str) -> None:
    made = foreign_event_id(stream, entry_id)

    assert made == foreign_event_id(stream, entry_id)
    assert made != foreign_event_id(stream, entry_id + "0")
    assert str(uuid.UUID(made)) == made


@given(TEXTS, TEXTS)
def test_different_event_ids_have_different_markers_of_16_bytes(one: str, other: str) -> None:
    assume(one != other)

    assert marker(one) != marker(other)
    assert len(marker(one)) == 16


@given(
    st.text("0123456789abcdef- \n", min_size=36, max_size=36), st.text("0123456789abcdef- \n", min_size=36, max_size=36)
)
def test_what_only_looks_like_a_uuid_has_a_marker_of_its_own(one: str, other: str) -> None:
    assume(one != other)

    assert marker(one) != marker(other)
    assert len(marker(one)) == 16


@given(st.uuids())
def test_a_uuid_is_its_own_marker(event_id: uuid.UUID) -> None:
    assert marker(str(event_id)) == event_id.bytes


@given(st.one_of(TEXTS, st.uuids().map(str)), st.text(min_size=1))
def test_a_replay_is_remembered_apart_from_the_event_that_was_given_up(event_id: str, nonce: str) -> None:
    assume(nonce.isascii())

    assert marker(event_id, nonce) != marker(event_id)
    assert marker(event_id, nonce) == marker(event_id, nonce)


@given(ENTRY_IDS, ENTRY_IDS)
def test_entry_ids_compare_as_the_stream_orders_them(one: tuple[int, int], other: tuple[int, int]) -> None:
    first, second = (f"{milliseconds}-{sequence}" for milliseconds, sequence in (one, other))

    assert (entry_order(first) < entry_order(second)) == (one < other)
    assert entry_order(first.encode()) == entry_order(first) == one
    assert entry_milliseconds(first) == entry_milliseconds(first.encode()) == one[0]


def test_an_entry_id_without_a_sequence_is_the_first_of_its_millisecond() -> None:
    assert entry_order("5") == (5, 0)
